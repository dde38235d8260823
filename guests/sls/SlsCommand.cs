// sls: what a program's user asks of the single level store from inside. Exit status: 0 done, 1 refused by the kernel, 2 usage.
using System;
using System.Runtime;
using System.Runtime.InteropServices;
using Aurora.Guest;
using Aurora.Posix.Persistence;

namespace Aurora.Sls;

internal static unsafe class SlsCommand
{
    private const int Refused = 1;
    private const int BadUsage = 2;
    private const long NoEntry = -2;

    [RuntimeExport("AuroraGuestMain")]
    private static int Main(int argumentCount, byte** words)
    {
        ReadOnlySpan<byte> verb = argumentCount < 2 ? default : MemoryMarshal.CreateReadOnlySpanFromNullTerminated(words[1]);
        var arguments = new Arguments(argumentCount, words);
        if (verb.SequenceEqual("run"u8))
            return GroupCommands.Run(ref arguments);
        if (verb.SequenceEqual("exec"u8))
            return ExecCommand.Run(ref arguments);
        if (verb.SequenceEqual("fork"u8))
            return GroupCommands.Fork(ref arguments);
        if (verb.SequenceEqual("restore"u8))
            return GroupCommands.Restore(ref arguments);
        if (verb.SequenceEqual("rewind"u8))
            return GroupCommands.Rewind(ref arguments);
        if (verb.SequenceEqual("suspend"u8))
            return GroupCommands.Each(verb, GroupVerb.Suspend, ref arguments);
        if (verb.SequenceEqual("resume"u8))
            return GroupCommands.Each(verb, GroupVerb.Resume, ref arguments);
        if (verb.SequenceEqual("kill"u8))
            return GroupCommands.Each(verb, GroupVerb.Kill, ref arguments);
        if (verb.SequenceEqual("rm"u8))
            return GroupCommands.Each(verb, GroupVerb.Remove, ref arguments);
        if (verb.SequenceEqual("send"u8))
            return StreamCommands.Send(ref arguments);
        if (verb.SequenceEqual("recv"u8))
            return StreamCommands.Receive(ref arguments);
        if (verb.SequenceEqual("dump"u8))
            return DumpCommand.Run(ref arguments);
        if (verb.SequenceEqual("period"u8))
            return GroupCommands.Period(ref arguments);
        if (verb.SequenceEqual("attach"u8))
            return GroupCommands.Attach(verb, ref arguments, isDetached: false);
        if (verb.SequenceEqual("detach"u8))
            return GroupCommands.Attach(verb, ref arguments, isDetached: true);
        if (verb.SequenceEqual("regions"u8))
            return RegionCommands.Run(ref arguments);
        if (verb.SequenceEqual("trace"u8))
            return TraceCommand.Run(ref arguments);
        if (verb.SequenceEqual("logs"u8))
            return GroupConsole.Logs(ref arguments);
        if (verb.SequenceEqual("console"u8))
            return GroupConsole.Console(ref arguments);
        return Report(verb, ref arguments);
    }

    private static int Report(ReadOnlySpan<byte> verb, ref Arguments arguments)
    {
        if (verb.SequenceEqual("ps"u8) || verb.SequenceEqual("ls"u8))
            return GroupReports.List(ref arguments);
        if (verb.SequenceEqual("checkpoint"u8) && arguments.Left <= 2)
            return Checkpoint(arguments.Left == 2 ? arguments.Take() : null, arguments.Take());
        if (verb.SequenceEqual("drop"u8) && arguments.Left is 1 or 2)
            return Drop(arguments.Left == 2 ? arguments.Take() : null, arguments.Take());
        if (verb.SequenceEqual("history"u8) && arguments.Left <= 1)
            return Reports.History(arguments.Take());
        if (verb.SequenceEqual("rollback"u8) && arguments.Left == 1)
            return Report(verb, GuestCalls.Rollback(arguments.Take()));
        if (verb.SequenceEqual("stat"u8))
            return Statistics(ref arguments);
        return Usage(verb.SequenceEqual("--help"u8) || verb.SequenceEqual("help"u8) ? 1 : 2);
    }

    private static int Statistics(ref Arguments arguments)
    {
        bool isVerbose = arguments.TakeOption(out ReadOnlySpan<byte> option) && option.SequenceEqual("-v"u8);
        return arguments.Left != 0 || (!isVerbose && !option.IsEmpty) ? Usage(2) : Reports.Statistics(isVerbose);
    }

    // Of a group, or of the caller's.
    private static int Drop(byte* group, byte* name)
        => Report("drop"u8, group, group == null ? GuestCalls.Drop(name) : GuestCalls.DropOf(group, name));

    private static int Checkpoint(byte* group, byte* name)
    {
        long epoch = group == null ? GuestCalls.Checkpoint(name) : GuestCalls.CheckpointOf(group, name);
        if (epoch < 0)
            return Fail("checkpoint"u8, TextOf(group), epoch);
        Span<byte> buffer = stackalloc byte[128];
        var output = new Output(buffer);
        output.Text("epoch "u8);
        output.Number((ulong)epoch);
        output.Text(" is durable"u8);
        output.End(buffer);
        return 0;
    }

    internal static int Report(ReadOnlySpan<byte> verb, long result) => result < 0 ? Fail(verb, result) : 0;

    /// <summary>As above, about a group; null: the caller's.</summary>
    internal static int Report(ReadOnlySpan<byte> verb, byte* group, long result)
        => result < 0 ? Fail(verb, TextOf(group), result) : 0;

    private static ReadOnlySpan<byte> TextOf(byte* group)
        => group == null ? default : MemoryMarshal.CreateReadOnlySpanFromNullTerminated(group);

    internal static int Usage(int descriptor)
    {
        GuestCalls.Write(descriptor, """
            usage: sls COMMAND; N is a group, by name or number
              run [-d] [--ephemeral] [--name N] [--root DIR] -- CMD...
                                 start CMD in a new group with the files as they are now; -d: in the background;
                                 --ephemeral: nothing of it is kept, and it is gone when the machine restarts
              exec [-d] [-w DIR] [-e VAR=VALUE]... N CMD...
                                 run CMD in N with input and output from here; -d: in the background, output to N's console
              ps [-q] [-o json]  the groups and how far they are durable
              logs [-f] N        what a group has written to its console; -f: and what it will write
              console N          type on the console of a group; Ctrl-^ leaves it
              fork [--ephemeral] N [NEW]   a new group that goes on from where N is now
              rewind N CHECKPOINT   N goes back: a name, an epoch, or -SECONDS
              restore [--ephemeral] N@CHECKPOINT [NEW]   a new group that goes on from there
              suspend N...  resume N...  kill N...  rm N...
                                 stop its threads; let them run; end its processes; remove an ended group
              send N[@CHECKPOINT] [--since CHECKPOINT]   write it as a stream to standard output; --since: what differs
              recv NEW           a saved volume of the stream on standard input; 'sls restore NEW@' makes groups of it
              dump [-o FILE] [N] PID[@CHECKPOINT], dump [-o FILE] N[@CHECKPOINT]
                                 a core file, which gdb opens, of a process of N (the host) or of its process 1
              detach [N] PID     a process of yours (or of N) runs on, and ends in what continues from a checkpoint
              attach [N] PID     it is kept again
              checkpoint [[N] NAME]  take a checkpoint now, wait until it is durable; a named one is kept
              drop [N] NAME      give up a named checkpoint
              history [N]        the checkpoints in the store, newest first
              period N MS        the time between two checkpoints of a busy group
              rollback EPOCH|NAME  the machine goes back: everything of the host continues from that checkpoint
              regions            memory that programs persist themselves: length, what is not persisted, the last durable epoch
              regions rm NAME..., regions clone NAME[@EPOCH] NEW, regions history NAME, regions rollback NAME@EPOCH
                                 end one that nobody shows; make one with what another has as of its last persist, or of an epoch; the
                                 epochs that are known; one that nobody shows becomes again what it was
              regions send NAME[@EPOCH] [--since EPOCH], regions recv NEW
                                 write one as it was persisted last, or at an epoch, as a stream to standard output; --since: what
                                 differs; a new region of the stream on standard input, at the same address
              stat [-v]          stop times, dirty pages, bytes, faults, unknown system calls; -v: what a checkpoint's time goes into
              trace [--seconds N] [--longer MICROSECONDS] [--faults]
                                 what the kernel does, as a file for about://tracing or Perfetto on standard output; calls from a
                                 length on; --faults: page faults too. One is made at a time, others are refused meanwhile; that of
                                 a 'sls trace' that was killed ends 10 seconds later by itself

            """u8);
        return descriptor == 1 ? 0 : BadUsage;
    }

    /// <summary>Reports a kernel's refusal on standard error.</summary>
    internal static int Fail(ReadOnlySpan<byte> what, long result) => Fail(what, default, result);

    /// <summary>As above, about a group.</summary>
    internal static int Fail(ReadOnlySpan<byte> what, ReadOnlySpan<byte> group, long result)
        => Fail(what, group, result, result == NoEntry ? WhatIsMissing(what, group) : ReasonOf(result));

    private static ReadOnlySpan<byte> WhatIsMissing(ReadOnlySpan<byte> what, ReadOnlySpan<byte> group)
    {
        if (what.SequenceEqual("run"u8))
            return "there is no such program, or root directory"u8;
        return group.IsEmpty || GroupReports.Exists(group) ? "no such checkpoint"u8 : "there is no such group; 'sls ps' lists them"u8;
    }

    /// <summary>As above, about a group or a process, with the reason.</summary>
    internal static int Fail(ReadOnlySpan<byte> what, ReadOnlySpan<byte> group, long result, ReadOnlySpan<byte> reason)
    {
        Span<byte> buffer = stackalloc byte[256];
        var line = new Aurora.Base.Utf8Writer(buffer);
        line.Append("sls: "u8);
        line.Append(what);
        if (!group.IsEmpty)
            line.Append(" "u8);
        line.Append(group);
        line.Append(": "u8);
        line.Append(reason);
        if (reason.IsEmpty)
        {
            line.Append("refused, errno "u8);
            line.AppendDecimal(-result);
        }
        line.Append((byte)'\n');
        GuestCalls.Write(2, line.Written);
        return Refused;
    }

    internal static ReadOnlySpan<byte> ReasonOf(long result) => -result switch
    {
        1 => "only root of the host may do that"u8,
        2 => "there is no such group or checkpoint"u8,
        5 => "the store has failed, or the group could not be brought back: the kernel's log says why"u8,
        7 => "the program's arguments are too long"u8,
        11 => "too much is under way; try again"u8,
        12 => "not enough memory"u8,
        13 => "the program may not be run"u8,
        16 => "the group is running; kill it first"u8,
        19 => "that is a saved volume, which nobody runs; 'sls restore N@' makes a group of it"u8,
        17 => "there is a group with that name"u8,
        22 => "that cannot be: a name has up to 31 letters, digits, '.', '_', '-' and is no number; the host runs as long as the machine"u8,
        36 => "the name is too long"u8,
        28 => "no room: the disk is full, or as many named checkpoints are kept as may be"u8,
        38 => "this kernel is not Aurora"u8,
        95 => "there are no checkpoints: the group is ephemeral, or this machine keeps nothing"u8,
        125 => "this is a copy of who asked, or the machine restarted meanwhile; ask again"u8,
        _ => default,
    };
}
