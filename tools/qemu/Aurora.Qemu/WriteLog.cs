// The record QEMU's blklogwrites driver makes of a disk, in the format of Linux's dm-log-writes. All fields are little endian.
//   sector 0      superblock: magic 6A736677736872h, version 1, number of entries, sector size (bytes 24 to 27)
//   then entries  one sector: first sector of the disk, sectors, flags (1 flush, 2 FUA, 4 discard, 8 mark), bytes of a mark; followed by the
//                 data of a write
// Entries stand in the order in which the requests completed. The superblock's count lags behind when QEMU was killed, so the entries
// are read up to the first that is not whole. A flush covers the writes that completed before it was asked for, of which the log tells
// nothing; all that stand before its entry may be taken as durable, because a disk may always keep more than it must.
using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;

namespace Aurora.Qemu;

/// <summary>One recorded request.</summary>
/// <param name="Offset">The place on the disk, in bytes.</param>
/// <param name="Bytes">The length.</param>
/// <param name="Kind">What was asked for.</param>
/// <param name="Data">Where the data of a write is in the log.</param>
public readonly record struct LoggedRequest(long Offset, long Bytes, LoggedRequestKind Kind, long Data);

public enum LoggedRequestKind
{
    Write,
    Flush,
    Discard,
}

/// <summary>Reads a record of a disk's writes and applies parts of it to an image.</summary>
public sealed class WriteLog : IDisposable
{
    /// <summary>The smallest piece of a write that a power cut leaves whole.</summary>
    public const int SectorBytes = 512;

    private const ulong Magic = 0x6A736677736872;
    private const int FlushFlag = 1;
    private const int DiscardFlag = 4;

    private readonly FileStream _log;

    private WriteLog(FileStream log, IReadOnlyList<LoggedRequest> requests)
    {
        _log = log;
        Requests = requests;
    }

    /// <summary>What was recorded, in the order of completion.</summary>
    public IReadOnlyList<LoggedRequest> Requests { get; }

    public static WriteLog Open(string path)
    {
        var log = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        try
        {
            return new WriteLog(log, Parse(log));
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <summary>The index of the last flush before a cut, or −1.</summary>
    public int LastFlushBefore(int cut)
    {
        int index = cut - 1;
        while (index >= 0 && Requests[index].Kind != LoggedRequestKind.Flush)
            index--;
        return index;
    }

    /// <summary>Makes a request's change to an image; of a write, only the first sectors when a limit is given.</summary>
    public void Apply(int index, FileStream image, long limitBytes = long.MaxValue)
    {
        LoggedRequest request = Requests[index];
        long bytes = Math.Min(request.Bytes, limitBytes);
        if (request.Kind == LoggedRequestKind.Flush || bytes == 0)
            return;
        byte[] data = new byte[bytes];
        if (request.Kind == LoggedRequestKind.Write)
        {
            _log.Position = request.Data;
            _log.ReadExactly(data);
        }
        else
            Array.Fill(data, (byte)0xE5); // a discarded block may read as anything: let nobody count on zeroes
        image.Position = request.Offset;
        image.Write(data);
    }

    public void Dispose() => _log.Dispose();

    private static List<LoggedRequest> Parse(FileStream log)
    {
        Span<byte> sector = stackalloc byte[SectorBytes];
        if (log.ReadAtLeast(sector, SectorBytes, throwOnEndOfStream: false) != SectorBytes || BinaryPrimitives.ReadUInt64LittleEndian(sector) != Magic)
            throw new MachineException("the write log does not begin with a superblock");
        if (BinaryPrimitives.ReadUInt32LittleEndian(sector[24..]) != SectorBytes)
            throw new MachineException("the write log has another sector size");
        var requests = new List<LoggedRequest>();
        long position = SectorBytes;
        while (true)
        {
            log.Position = position;
            if (log.ReadAtLeast(sector, SectorBytes, throwOnEndOfStream: false) != SectorBytes)
                return requests;
            long bytes = BinaryPrimitives.ReadInt64LittleEndian(sector[8..]) * SectorBytes;
            ulong flags = BinaryPrimitives.ReadUInt64LittleEndian(sector[16..]);
            bool isWrite = (flags & DiscardFlag) == 0 && bytes > 0;
            long data = position + SectorBytes;
            position = data + (isWrite ? bytes : 0);
            bool isEmpty = flags == 0 && bytes == 0;
            if (isEmpty || position > log.Length)
                return requests;
            LoggedRequestKind kind = isWrite ? LoggedRequestKind.Write : (flags & FlushFlag) != 0 ? LoggedRequestKind.Flush : LoggedRequestKind.Discard;
            requests.Add(new LoggedRequest(BinaryPrimitives.ReadInt64LittleEndian(sector) * SectorBytes, bytes, kind, data));
        }
    }
}
