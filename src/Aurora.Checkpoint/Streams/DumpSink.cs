// A core file on its way to the program that takes it: pieces, each with a head that says what it is. The program, which may write to a
// file, makes holes of zeroes.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;

namespace Aurora.Checkpoint;

/// <summary>Puts a core file into the ring of the stream that goes out.</summary>
internal sealed class DumpSink(StreamSink sink) : CoreSink
{
    /// <inheritdoc/>
    public override bool Begin(ulong bytes) => Put(DumpPieceKind.Length, bytes);

    /// <inheritdoc/>
    public override bool Write(ReadOnlySpan<byte> bytes) => Put(DumpPieceKind.Bytes, (ulong)bytes.Length) && sink.Write(bytes);

    /// <inheritdoc/>
    public override bool Skip(ulong bytes) => bytes == 0 || Put(DumpPieceKind.Zeroes, bytes);

    private bool Put(DumpPieceKind kind, ulong bytes)
    {
        var piece = new DumpPiece { Kind = kind, Bytes = bytes };
        return sink.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<DumpPiece>(in piece)));
    }
}

/// <summary>Waits for the pages of a copy that is written, which the pager brings.</summary>
internal sealed unsafe class DumpPages(VolumeStreamTable table, FiberScheduler fibers) : CorePages
{
    /// <summary>Why a page could not be had; ECANCELED while all could.</summary>
    public Errno Failure { get; set; }

    /// <inheritdoc/>
    public override bool Await(in PageAccess access, ulong address)
    {
        if (access.Status == MemoryStatus.WouldBlock)
        {
            fibers.Yield();
            return table.Of(isIncoming: false)->HasAsker;
        }
        Failure = access.Status == MemoryStatus.OutOfMemory ? Errno.ENOMEM : Errno.EIO;
        return false;
    }

    /// <inheritdoc/>
    public override void Pass() => fibers.GiveWay();
}
