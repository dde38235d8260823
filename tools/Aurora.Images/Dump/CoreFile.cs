// Core files on the host: the kernel's own code writes them (CoreWriter), into a file with holes where memory is zero. The file appears
// under its name only when it is complete.
using System;
using System.IO;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Images.Session;
using Aurora.Memory;
using Aurora.Posix.Processes;

namespace Aurora.Images.Dump;

/// <summary>Writes the core file of the process with this number.</summary>
internal sealed unsafe class CoreFile(StoredGroup group, int id)
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Writes a file that does not exist yet.</summary>
    public ImageCore Write(string path)
    {
        Process* process = GroupProcessList.Find(group, id);
        if (File.Exists(path))
            throw new ImageException($"{path} exists already");
        string partial = path + ".partial";
        try
        {
            File.Delete(partial);
            ulong bytes;
            using (FileStream file = new(partial, FileMode.CreateNew, System.IO.FileAccess.Write, FileShare.None, BufferBytes))
                bytes = Write(process, file);
            File.Move(partial, path, overwrite: false);
            int mappings = ((AddressSpace*)process->AddressSpace)->MappingCount;
            return new ImageCore(path, GroupProcessList.Describe(process), group.Epoch, mappings, bytes);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new ImageException($"{path} cannot be written: {failure.Message}", failure);
        }
        finally
        {
            if (File.Exists(partial))
                File.Delete(partial);
        }
    }

    private ulong Write(Process* process, FileStream file)
    {
        var layout = new ExtendedLayout(group.Extended.ImageBytes, group.HasExtendedImages ? group.Extended.ComponentMask : 0);
        var writer = new CoreWriter(group.Session, new FileSink(file), new StoredPages(group, id));
        byte* buffer = (byte*)NativeMemory.AlignedAlloc(CoreWriter.BufferPages * PageSize.Bytes, PageSize.Bytes);
        try
        {
            bool isWritten = writer.Write(group.Tracker, process, in layout, buffer, out ulong bytes);
            Panic.Unless(isWritten, "core file: what cannot be read or written is thrown"u8);
            return bytes;
        }
        finally
        {
            NativeMemory.AlignedFree(buffer);
        }
    }

    private sealed class FileSink(FileStream file) : CoreSink
    {
        // The host may not have files so long.
        public override bool Begin(ulong bytes)
        {
            file.SetLength((long)bytes);
            return true;
        }

        public override bool Write(ReadOnlySpan<byte> bytes)
        {
            file.Write(bytes);
            return true;
        }

        public override bool Skip(ulong bytes)
        {
            if (bytes != 0)
                file.Position += (long)bytes;
            return true;
        }
    }
}
