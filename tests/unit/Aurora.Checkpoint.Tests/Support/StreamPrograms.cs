using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>What the programs do that read and write streams of volumes, while the fibers of a machine make and take them.</summary>
internal sealed unsafe class StreamPrograms(GroupMachine machine)
{
    /// <summary>So many bytes are read or written before the fiber goes on.</summary>
    public int Piece { get; init; } = 20_000;

    /// <summary>Called before each piece.</summary>
    public Action<long>? Before { get; set; }

    private ObjectId Asker => machine.Init(machine.Host)->Header.Id;

    /// <summary>All of a checkpoint of a group, or of what differs; a negated errno instead.</summary>
    public (long Error, byte[] Stream) Send(string group, string checkpoint = "", string since = "")
    {
        long number = machine.Do(GroupVerb.Send, group, since, checkpoint);
        return number < 0 ? (number, []) : Read(number);
    }

    /// <summary>What a program reads of a stream until its end.</summary>
    public (long Error, byte[] Stream) Read(long number)
    {
        var stream = new MemoryStream();
        machine.Serve(isIncoming: false, () => Take(number, stream));
        for (;;)
        {
            Errno error = Take(number, stream);
            if (error == Errno.ENXIO)
                return (0, stream.ToArray());
            if (error != Errno.Ok)
                return (-(long)error, stream.ToArray());
        }
    }

    /// <summary>The core file that the pieces of a stream make.</summary>
    public static byte[] FileOf(byte[] stream)
    {
        var file = new MemoryStream();
        ulong length = 0;
        for (int at = 0; at < stream.Length;)
        {
            DumpPiece piece = MemoryMarshal.Read<DumpPiece>(stream.AsSpan(at));
            Assert.Equal(at == 0, piece.Kind == DumpPieceKind.Length);
            at += DumpPiece.Size;
            length = piece.Kind == DumpPieceKind.Length ? piece.Bytes : length;
            if (piece.Kind == DumpPieceKind.Zeroes)
                file.Write(new byte[piece.Bytes]);
            if (piece.Kind != DumpPieceKind.Bytes)
                continue;
            file.Write(stream, at, (int)piece.Bytes);
            at += (int)piece.Bytes;
        }
        Assert.Equal(length, (ulong)file.Length);
        return file.ToArray();
    }

    /// <summary>Has a stream received; the number of what was made of it, or a negated errno.</summary>
    public long Receive(string name, ReadOnlySpan<byte> stream)
    {
        long number = machine.Do(GroupVerb.Receive, target: name);
        return number < 0 ? number : Write(number, stream.ToArray());
    }

    /// <summary>What a program is told that writes a stream, and then says that this was all.</summary>
    public long Write(long number, byte[] stream)
    {
        int at = 0;
        machine.Serve(isIncoming: true, () => at = Put(number, stream, at));
        Errno error = machine.Streams.End((ulong)number, Asker, out ulong made);
        return error == Errno.Ok ? (long)made : -(long)error;
    }

    // ENXIO: that was all.
    private Errno Take(long number, MemoryStream stream)
    {
        Before?.Invoke(stream.Length);
        Errno error = machine.Streams.Look((ulong)number, Asker, out ReadOnlySpan<byte> bytes);
        if (error == Errno.Ok && bytes.IsEmpty)
            return Errno.ENXIO;
        bytes = bytes[..Math.Min(bytes.Length, Piece)];
        stream.Write(bytes);
        if (error == Errno.Ok)
            machine.Streams.Taken((ulong)number, Asker, bytes.Length);
        return error;
    }

    private int Put(long number, byte[] stream, int at)
    {
        Before?.Invoke(at);
        Span<byte> room = default;
        Errno error = at == stream.Length ? machine.Streams.End((ulong)number, Asker, out _)
            : machine.Streams.Room((ulong)number, Asker, out room);
        Assert.True(error is Errno.Ok or Errno.EAGAIN or Errno.EPIPE or Errno.ECANCELED, $"{error}");
        if (room.IsEmpty)
            return at;
        int count = Math.Min(Math.Min(room.Length, stream.Length - at), Piece);
        stream.AsSpan(at, count).CopyTo(room);
        machine.Streams.Put((ulong)number, Asker, count);
        return at + count;
    }
}
