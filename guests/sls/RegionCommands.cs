using System;
using System.Buffers.Text;
using System.Runtime.InteropServices;
using Aurora.Guest;
using Aurora.Posix.Persistence;

namespace Aurora.Sls;

/// <summary>Regions of all programs: listed, cloned, sent, received and removed.</summary>
internal static unsafe class RegionCommands
{
    private const int LineBytes = 256;
    private const int LongestName = 63;
    private const long NoEntry = -2;
    private const uint InMemory = 1;
    private const uint Damaged = 2;

    /// <summary>
    /// regions [rm NAME... | clone NAME[@EPOCH] NEW | rollback NAME@EPOCH | history NAME | send NAME[@EPOCH] [--since EPOCH] | recv NEW].
    /// </summary>
    public static int Run(ref Arguments arguments)
    {
        if (arguments.Left == 0)
            return List();
        ReadOnlySpan<byte> verb = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(arguments.Take());
        if (verb.SequenceEqual("rm"u8) && arguments.Left != 0)
            return Remove(ref arguments);
        if (verb.SequenceEqual("clone"u8) && arguments.Left == 2)
            return Clone(arguments.Take(), arguments.Take());
        if (verb.SequenceEqual("rollback"u8) && arguments.Left == 1)
            return GoBack(arguments.Take());
        if (verb.SequenceEqual("history"u8) && arguments.Left == 1)
            return ShowHistory(arguments.Take());
        if (verb.SequenceEqual("send"u8))
            return Send(ref arguments);
        if (verb.SequenceEqual("recv"u8) && arguments.Left == 1)
            return Receive(arguments.Take());
        return SlsCommand.Usage(2);
    }

    private static int List()
    {
        Span<byte> buffer = stackalloc byte[LineBytes];
        var output = new Output(buffer);
        Heading(ref output, buffer);
        RegionInformation about;
        long result;
        for (int index = 0; (result = RegionCalls.List(index, &about)) >= 0; index++)
        {
            Row(ref output, &about);
            output.End(buffer);
        }
        return result == NoEntry ? 0 : SlsCommand.Fail("regions"u8, default, result, ReasonOf(result));
    }

    private static void Heading(ref Output output, Span<byte> buffer)
    {
        output.Text("REGION"u8);
        output.Column(25);
        output.Text("LENGTH"u8);
        output.Column(11);
        output.Text("DIRTY"u8);
        output.Column(11);
        output.Text("EPOCH"u8);
        output.Column(21);
        output.Text("OWNER"u8);
        output.Column(8);
        output.Text("STATE"u8);
        output.End(buffer);
    }

    // The epoch is known of what is in memory only.
    private static void Row(ref Output output, RegionInformation* about)
    {
        bool isInMemory = (about->Status.Flags & InMemory) != 0;
        output.Text(RegionInformation.NameOf(about));
        output.Column(25);
        output.Size(about->Status.Bytes);
        output.Column(11);
        output.Size(about->Status.DirtyBytes);
        output.Column(11);
        if (isInMemory)
            output.Number(about->Status.Durable);
        else
            output.Text("-"u8);
        output.Column(21);
        output.Number(about->Status.User);
        output.Column(8);
        output.Text((about->Status.Flags & Damaged) != 0 ? "damaged"u8 : isInMemory ? "in use"u8 : "stored"u8);
    }

    private static int Remove(ref Arguments arguments)
    {
        int status = 0;
        while (arguments.Left != 0)
        {
            byte* name = arguments.Take();
            long result = RegionCalls.Delete(name);
            if (result < 0)
                status = SlsCommand.Fail(
                    "regions rm"u8, MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name), result, ReasonOf(result));
        }
        return status;
    }

    private static int Clone(byte* source, byte* target)
    {
        byte* name = stackalloc byte[LongestName + 1];
        if (!Split(source, name, out ulong epoch, out ReadOnlySpan<byte> reason))
            return SlsCommand.Fail("regions clone"u8, MemoryMarshal.CreateReadOnlySpanFromNullTerminated(source), NoEntry, reason);
        long result = RegionCalls.Clone(name, epoch, target);
        return Tell("regions clone"u8, source, result);
    }

    private static int GoBack(byte* source)
    {
        byte* name = stackalloc byte[LongestName + 1];
        if (MemoryMarshal.CreateReadOnlySpanFromNullTerminated(source).IndexOf((byte)'@') < 0)
            return SlsCommand.Usage(2);
        if (!Split(source, name, out ulong epoch, out ReadOnlySpan<byte> reason))
            return SlsCommand.Fail("regions rollback"u8, MemoryMarshal.CreateReadOnlySpanFromNullTerminated(source), NoEntry, reason);
        return Tell("regions rollback"u8, source, RegionCalls.Rollback(name, epoch));
    }

    private static int ShowHistory(byte* name)
    {
        const int Room = RegionService.MostEpochs;
        RegionEpoch* epochs = stackalloc RegionEpoch[Room];
        Span<byte> buffer = stackalloc byte[LineBytes];
        var output = new Output(buffer);
        long count;
        for (ulong last = 0; (count = RegionCalls.History(name, last, epochs, Room)) > 0; last = epochs[count - 1].Epoch)
        {
            for (int i = 0; i < (int)count; i++)
            {
                output.Number(epochs[i].Epoch);
                output.Column(22);
                Reports.TimeOfDay(ref output, epochs[i].RealtimeNanoseconds);
                output.End(buffer);
            }
        }
        return Tell("regions history"u8, name, count);
    }

    private static int Send(ref Arguments arguments)
    {
        byte* name = stackalloc byte[LongestName + 1];
        byte* since = null;
        bool isUnderstood = StreamCommands.TakeSince(ref arguments, ref since);
        byte* source = arguments.Take();
        if (!isUnderstood || source == null || !StreamCommands.TakeSince(ref arguments, ref since) || arguments.Left != 0)
            return SlsCommand.Usage(2);
        if (GuestCalls.IsTerminal(1))
            return StreamMessages.Refused(
                StreamMessages.SendVerb(isRegion: true), source, "standard output is a terminal: give it a file or a pipe"u8);
        if (!Split(source, name, out ulong epoch, out ReadOnlySpan<byte> reason))
            return StreamMessages.Refused(StreamMessages.SendVerb(isRegion: true), source, reason);
        ulong before = 0;
        if (since != null && (!IsEpoch(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(since), out before) || before == 0))
            return StreamMessages.Refused(StreamMessages.SendVerb(isRegion: true), source, "an epoch is a number"u8);
        long number = RegionCalls.Send(name, epoch, before);
        return number < 0 ? StreamMessages.NotSent(source, number, isRegion: true) : StreamCommands.Pass(source, number, isRegion: true);
    }

    private static int Receive(byte* name)
    {
        long number = RegionCalls.Receive(name);
        return number < 0 ? StreamMessages.NotReceived(name, number, isRegion: true) : StreamCommands.Take(name, number, isRegion: true);
    }

    private static int Tell(ReadOnlySpan<byte> what, byte* name, long result)
        => result < 0 ? SlsCommand.Fail(what, MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name), result, ReasonOf(result)) : 0;

    // NAME[@EPOCH], with room for the longest name; without an epoch it is 0.
    private static bool Split(byte* source, byte* name, out ulong epoch, out ReadOnlySpan<byte> reason)
    {
        ReadOnlySpan<byte> words = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(source);
        int at = words.LastIndexOf((byte)'@');
        epoch = 0;
        reason = "an epoch is a number"u8;
        if (at >= 0 && !IsEpoch(words[(at + 1)..], out epoch))
            return false;
        ReadOnlySpan<byte> given = at < 0 ? words : words[..at];
        reason = ReasonOf(NoEntry);
        if (given.Length > LongestName)
            return false;
        given.CopyTo(new Span<byte>(name, LongestName));
        name[given.Length] = 0;
        return true;
    }

    private static bool IsEpoch(ReadOnlySpan<byte> word, out ulong epoch)
        => Utf8Parser.TryParse(word, out epoch, out int used) && used == word.Length;

    private static ReadOnlySpan<byte> ReasonOf(long result) => -result switch
    {
        1 => "that takes CAP_SYS_ADMIN"u8,
        2 => "there is no such region, or of that epoch nothing is known any more; 'sls regions' lists them"u8,
        13 => "it is another user's"u8,
        16 => "a program shows it"u8,
        17 => "there is a region with that name"u8,
        22 => "a name has 1 to 63 bytes"u8,
        _ => SlsCommand.ReasonOf(result),
    };
}
