// dump: a core file of a process, as of now or of a checkpoint, which gdb opens. It comes in pieces (struct sls_piece). A file of its own
// (-o) has holes where memory is zero, and is there only when it is whole; on standard output zeroes are written. Exit status: 0 all of
// it, 1 refused or broken off, 2 usage.
using System;
using System.Runtime.InteropServices;
using Aurora.Guest;
using Aurora.Posix.Persistence;

namespace Aurora.Sls;

internal static unsafe class DumpCommand
{
    private const int PieceBytes = 4096;
    private const int StandardOutput = 1;
    private const int Interrupted = -4;
    private const int TryAgain = -11;
    private const int NameTooLong = -36;
    private const int BadData = -74;

    // Where the file goes.
    private ref struct Target
    {
        public int Descriptor;
        public bool MayHaveHoles;
        public ulong Length, Written;
    }

    /// <summary>dump [-o FILE] [N] PID [@CHECKPOINT], or dump [-o FILE] N [@CHECKPOINT].</summary>
    public static int Run(ref Arguments arguments)
    {
        byte* path = null;
        byte* checkpoint = null;
        byte* first = null;
        byte* second = null;
        if (!TakeWords(ref arguments, ref path, ref checkpoint, ref first, ref second))
            return SlsCommand.Usage(2);
        byte* one = stackalloc byte[2] { (byte)'1', 0 };
        byte* host = stackalloc byte[5] { (byte)'h', (byte)'o', (byte)'s', (byte)'t', 0 };
        byte* group = second != null || !IsNumber(first) ? first : host;
        byte* process = second != null ? second : IsNumber(first) ? first : one;
        var request = new GroupRequest { Verb = GroupVerb.Dump };
        bool fits = GroupCommands.Set(request.Group, GroupRequest.NameBytes, group)
            && GroupCommands.Set(request.Target, GroupRequest.NameBytes, process)
            && (checkpoint == null || GroupCommands.Set(request.Checkpoint, GroupRequest.NameBytes, checkpoint));
        if (path == null && GuestCalls.IsTerminal(StandardOutput))
            return StreamMessages.Refused("dump"u8, group, "standard output is a terminal: give it a file or a pipe, or -o FILE"u8);
        long number = fits ? GuestCalls.Manage(&request) : NameTooLong;
        if (number < 0)
            return StreamMessages.NotDumped(group, number);
        return path == null ? ToOutput(group, number) : ToFile(group, path, number);
    }

    private static bool TakeWords(ref Arguments arguments, ref byte* path, ref byte* checkpoint, ref byte* first, ref byte* second)
    {
        while (arguments.Left != 0)
        {
            while (arguments.TakeOption(out ReadOnlySpan<byte> option))
            {
                path = option.SequenceEqual("-o"u8) ? arguments.Take() : null;
                if (path == null)
                    return false;
            }
            byte* word = arguments.Take();
            if (word == null)
                break;
            byte* at = StreamCommands.SplitCheckpoint(word);
            if (at != null && checkpoint != null)
                return false;
            checkpoint = at != null ? at : checkpoint;
            if (*word == 0)
                continue;
            if (second != null)
                return false;
            second = first != null ? word : null;
            first = first != null ? first : word;
        }
        return first != null && (second == null || IsNumber(second)) && (checkpoint == null || *checkpoint != 0);
    }

    private static bool IsNumber(byte* word)
        => System.Buffers.Text.Utf8Parser.TryParse(
            MemoryMarshal.CreateReadOnlySpanFromNullTerminated(word), out uint _, out int used) && word[used] == 0;

    private static int ToOutput(byte* group, long number)
    {
        var target = new Target { Descriptor = StandardOutput };
        return Pass(group, number, ref target);
    }

    private static int ToFile(byte* group, byte* path, long number)
    {
        long descriptor = GuestCalls.Create(path);
        if (descriptor < 0)
            return StreamMessages.Lost("dump"u8, group, "the file exists already, or cannot be made"u8, descriptor);
        var target = new Target { Descriptor = (int)descriptor, MayHaveHoles = true };
        int status = Pass(group, number, ref target);
        long error = status == 0 ? GuestCalls.Truncate(target.Descriptor, target.Length) : 0;
        if (error < 0)
            status = StreamMessages.Lost("dump"u8, group, "it cannot be written"u8, error);
        if (status != 0)
            GuestCalls.Remove(path);
        return status;
    }

    private static int Pass(byte* group, long number, ref Target target)
    {
        byte* bytes = stackalloc byte[PieceBytes];
        for (;;)
        {
            DumpPiece piece = default;
            long got = Read(number, (byte*)&piece, DumpPiece.Size);
            if (got == 0 && target.Written == target.Length && target.Length != 0)
                return 0;
            if (got < DumpPiece.Size)
                return StreamMessages.NotDumped(group, got < 0 ? got : BadData);
            if (piece.Kind == DumpPieceKind.Length)
                target.Length = piece.Bytes;
            long error = piece.Kind switch
            {
                DumpPieceKind.Bytes => Copy(number, bytes, piece.Bytes, ref target, out got),
                DumpPieceKind.Zeroes => Skip(bytes, piece.Bytes, ref target),
                _ => 0,
            };
            if (got < 0)
                return StreamMessages.NotDumped(group, got);
            if (error < 0)
                return StreamMessages.Lost("dump"u8, group, "it cannot be written"u8, error);
        }
    }

    // All of so many bytes; fewer only at the end of the stream, a negated errno when it is broken off.
    private static long Read(long number, byte* bytes, int count)
    {
        int done = 0;
        while (done < count)
        {
            long got = GuestCalls.StreamRead(number, bytes + done, count - done);
            if (got == 0)
                break;
            if (got < 0 && got != Interrupted)
                return got;
            done += (int)Math.Max(0, got);
        }
        return done;
    }

    private static long Copy(long number, byte* bytes, ulong count, ref Target target, out long got)
    {
        got = 0;
        while (count != 0)
        {
            int most = (int)Math.Min(count, PieceBytes);
            got = Read(number, bytes, most);
            if (got < most)
            {
                got = got < 0 ? got : BadData;
                return 0;
            }
            long error = Write(bytes, most, ref target);
            if (error < 0)
                return error;
            count -= (ulong)most;
        }
        return 0;
    }

    private static long Skip(byte* bytes, ulong count, ref Target target)
    {
        if (target.MayHaveHoles)
        {
            target.Written += count;
            return GuestCalls.SeekOn(target.Descriptor, count);
        }
        new Span<byte>(bytes, PieceBytes).Clear();
        while (count != 0)
        {
            int most = (int)Math.Min(count, PieceBytes);
            long error = Write(bytes, most, ref target);
            if (error < 0)
                return error;
            count -= (ulong)most;
        }
        return 0;
    }

    private static long Write(byte* bytes, int count, ref Target target)
    {
        var left = new ReadOnlySpan<byte>(bytes, count);
        while (!left.IsEmpty)
        {
            long written = GuestCalls.WriteSome(target.Descriptor, left);
            if (written == TryAgain)
                GuestCalls.AwaitRoom(target.Descriptor, -1);
            else if (written < 0 && written != Interrupted)
                return written;
            left = left[(int)Math.Max(0, written)..];
        }
        target.Written += (ulong)count;
        return 0;
    }
}
