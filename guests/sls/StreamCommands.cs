// send and recv: a checkpoint of a group goes to standard output as a stream, and one becomes a saved volume from standard input. `aurora
// volume send` and `recv` know the same streams. Exit status: 0 all of it, 1 refused or broken off, 2 usage.
using System;
using System.Runtime.InteropServices;
using Aurora.Guest;
using Aurora.Posix.Persistence;

namespace Aurora.Sls;

internal static unsafe class StreamCommands
{
    private const int PieceBytes = 32 << 10;
    private const int TryAgain = -11;
    private const int Interrupted = -4;
    private const int Broken = -32;
    private const int NameTooLong = -36;

    /// <summary>send N[@CHECKPOINT] [--since CHECKPOINT].</summary>
    public static int Send(ref Arguments arguments)
    {
        var request = new GroupRequest { Verb = GroupVerb.Send };
        byte* since = null;
        bool isUnderstood = TakeSince(ref arguments, ref since);
        byte* group = arguments.Take();
        isUnderstood &= group != null && TakeSince(ref arguments, ref since) && arguments.Left == 0;
        if (!isUnderstood)
            return SlsCommand.Usage(2);
        byte* checkpoint = SplitCheckpoint(group);
        bool fits = GroupCommands.Set(request.Group, GroupRequest.NameBytes, group)
            && (checkpoint == null || GroupCommands.Set(request.Checkpoint, GroupRequest.NameBytes, checkpoint))
            && (since == null || GroupCommands.Set(request.Target, GroupRequest.NameBytes, since));
        if (GuestCalls.IsTerminal(1))
            return StreamMessages.Refused("send"u8, group, "standard output is a terminal: give it a file or a pipe"u8);
        long number = fits ? GuestCalls.Manage(&request) : NameTooLong;
        return number < 0 ? StreamMessages.NotSent(group, number) : Pass(group, number, isRegion: false);
    }

    /// <summary>recv NEW.</summary>
    public static int Receive(ref Arguments arguments)
    {
        var request = new GroupRequest { Verb = GroupVerb.Receive };
        byte* name = arguments.Take();
        if (name == null || arguments.Left != 0)
            return SlsCommand.Usage(2);
        long number = GroupCommands.Set(request.Target, GroupRequest.NameBytes, name) ? GuestCalls.Manage(&request) : NameTooLong;
        if (number < 0)
            return StreamMessages.NotReceived(name, number);
        return Take(name, number, isRegion: false);
    }

    /// <summary>What follows an '@' in a word, which then ends there; null when there is none.</summary>
    public static byte* SplitCheckpoint(byte* word)
    {
        while (*word != 0 && *word != '@')
            word++;
        if (*word == 0)
            return null;
        *word = 0;
        return word + 1;
    }

    /// <summary>--since CHECKPOINT, if it comes next; false for an option that is another, or lacks its checkpoint.</summary>
    public static bool TakeSince(ref Arguments arguments, ref byte* since)
    {
        while (arguments.TakeOption(out ReadOnlySpan<byte> option))
        {
            since = option.SequenceEqual("--since"u8) ? arguments.Take() : null;
            if (since == null)
                return false;
        }
        return true;
    }

    /// <summary>Writes a stream that goes out to standard output.</summary>
    public static int Pass(byte* group, long number, bool isRegion)
    {
        byte* piece = stackalloc byte[PieceBytes];
        for (;;)
        {
            long got = GuestCalls.StreamRead(number, piece, PieceBytes);
            if (got == Interrupted)
                continue;
            if (got <= 0)
                return got == 0 ? 0 : StreamMessages.NotSent(group, got, isRegion);
            long error = Show(new ReadOnlySpan<byte>(piece, (int)got));
            if (error < 0)
                return StreamMessages.Lost(StreamMessages.SendVerb(isRegion), group, "it cannot be written"u8, error);
        }
    }

    private static long Show(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            long written = GuestCalls.WriteSome(1, bytes);
            if (written == TryAgain)
                GuestCalls.AwaitRoom(1, -1);
            else if (written < 0 && written != Interrupted)
                return written;
            bytes = bytes[(int)Math.Max(0, written)..];
        }
        return 0;
    }

    /// <summary>
    /// Gives a stream that comes in what standard input has. An input that cannot be read is not ended: what was received of it goes with
    /// this command.
    /// </summary>
    public static int Take(byte* name, long number, bool isRegion)
    {
        byte* piece = stackalloc byte[PieceBytes];
        for (long taken = 0; taken >= 0;)
        {
            long got = GuestCalls.Read(0, piece, PieceBytes);
            if (got == TryAgain)
                GuestCalls.AwaitInput(0, -1);
            else if (got < 0 && got != Interrupted)
                return StreamMessages.Lost(StreamMessages.ReceiveVerb(isRegion), name, "its input cannot be read"u8, got);
            if (got == 0)
                break;
            taken = Give(number, piece, got);
            // It has seen enough: what became of it is told below.
            if (taken < 0 && taken != Broken)
                return StreamMessages.NotReceived(name, taken, isRegion);
        }
        long made;
        do
            made = GuestCalls.StreamWrite(number, null, 0);
        while (made == Interrupted);
        return made < 0 ? StreamMessages.NotReceived(name, made, isRegion) : 0;
    }

    private static long Give(long number, byte* bytes, long count)
    {
        while (count > 0)
        {
            long taken = GuestCalls.StreamWrite(number, bytes, (int)count);
            if (taken < 0 && taken != Interrupted)
                return taken;
            bytes += Math.Max(0, taken);
            count -= Math.Max(0, taken);
        }
        return 0;
    }
}
