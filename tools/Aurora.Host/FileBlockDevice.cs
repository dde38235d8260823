// A disk image as a block device for host tools. Whoever may write an image locks it for itself; readers share it. Requests complete inside Submit;
// Flush is fsync. The file stays sparse: blocks never written take no space.
using System;
using System.IO;
using Aurora.Base;
using Microsoft.Win32.SafeHandles;

namespace Aurora.Host;

/// <summary>A file of 4-KiB blocks.</summary>
public sealed unsafe class FileBlockDevice : BlockDevice, IDisposable
{
    private const int MaxBlocks = 256;

    private readonly FileStream _file;
    private readonly SafeFileHandle _handle;
    private readonly bool _isReadOnly;

    private FileBlockDevice(FileStream file, bool isReadOnly)
    {
        _file = file;
        _handle = file.SafeFileHandle;
        _isReadOnly = isReadOnly;
        BlockCount = (ulong)file.Length / PageSize.Bytes;
    }

    public override ulong BlockCount { get; }

    public override int MaxBlocksPerRequest => MaxBlocks;

    public override int QueueDepth => 1;

    public override bool HasVolatileWriteCache => true;

    /// <summary>Opens an image. Throws IOException when another program holds it.</summary>
    public static FileBlockDevice Open(string path, bool readOnly)
    {
        FileAccess access = readOnly ? FileAccess.Read : FileAccess.ReadWrite;
        FileShare share = readOnly ? FileShare.Read : FileShare.None;
        return new FileBlockDevice(new FileStream(path, FileMode.Open, access, share, 1), readOnly);
    }

    /// <summary>Makes a new sparse image; the file must not exist. Throws IOException otherwise.</summary>
    public static FileBlockDevice Create(string path, long bytes)
    {
        var file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1);
        file.SetLength(bytes / PageSize.Bytes * PageSize.Bytes);
        return new FileBlockDevice(file, false);
    }

    public override void Submit(BlockRequest* request)
    {
        ulong end = request->Start.Value + (ulong)request->BlockCount;
        if (request->BlockCount is < 0 or > MaxBlocks || end > BlockCount || end < request->Start.Value)
        {
            request->Status = BlockStatus.OutOfRange;
            return;
        }
        try
        {
            request->Status = Execute(request);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            request->Status = BlockStatus.MediaError;
        }
    }

    public override BlockStatus Wait(BlockRequest* request) => request->Status;

    public void Dispose() => _file.Dispose();

    private BlockStatus Execute(BlockRequest* request)
    {
        if (_isReadOnly && request->Operation is not (BlockOperation.Read or BlockOperation.Flush))
            return BlockStatus.Unsupported;
        switch (request->Operation)
        {
            case BlockOperation.Read:
                return Transfer(request, false);
            case BlockOperation.Write:
                return Transfer(request, true);
            case BlockOperation.Flush:
                RandomAccess.FlushToDisk(_handle);
                return BlockStatus.Ok;
            case BlockOperation.WriteZeroes:
                byte[] zeroes = new byte[request->BlockCount * PageSize.Bytes];
                RandomAccess.Write(_handle, zeroes, (long)request->Start.Value * PageSize.Bytes);
                return BlockStatus.Ok;
            case BlockOperation.Discard:
                // Only advice: the contents may stay.
                return BlockStatus.Ok;
            default:
                return BlockStatus.Unsupported;
        }
    }

    // Pages that happen to lie together in memory travel in one call.
    private BlockStatus Transfer(BlockRequest* request, bool isWrite)
    {
        int done = 0;
        while (done < request->BlockCount)
        {
            byte* start = (byte*)request->Pages[done];
            int run = 1;
            while (done + run < request->BlockCount && request->Pages[done + run] == start + ((long)run * PageSize.Bytes))
                run++;
            long offset = (long)(request->Start.Value + (ulong)done) * PageSize.Bytes;
            var memory = new Span<byte>(start, run * PageSize.Bytes);
            if (isWrite)
                RandomAccess.Write(_handle, memory, offset);
            else if (!ReadAll(memory, offset))
                return BlockStatus.MediaError;
            done += run;
        }
        return BlockStatus.Ok;
    }

    private bool ReadAll(Span<byte> memory, long offset)
    {
        while (memory.Length > 0)
        {
            int count = RandomAccess.Read(_handle, memory, offset);
            if (count == 0)
                return false;
            memory = memory[count..];
            offset += count;
        }
        return true;
    }
}
