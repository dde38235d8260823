// sls: what a program's user asks of the single level store from inside. Exit status: 0 done, 1 refused by the kernel, 2 usage.
using System;
using System.Runtime;
using System.Runtime.InteropServices;
using Aurora.Guest;

namespace Aurora.Sls;

internal static unsafe class SlsCommand
{
    private const int Refused = 1;
    private const int BadUsage = 2;

    [RuntimeExport("AuroraGuestMain")]
    private static int Main(int argumentCount, byte** arguments)
    {
        ReadOnlySpan<byte> verb = argumentCount < 2 ? default : MemoryMarshal.CreateReadOnlySpanFromNullTerminated(arguments[1]);
        if (verb.SequenceEqual("checkpoint"u8) && argumentCount <= 3)
            return Checkpoint(argumentCount == 3 ? arguments[2] : null);
        if (verb.SequenceEqual("drop"u8) && argumentCount == 3)
            return Report("drop"u8, GuestCalls.Drop(arguments[2]));
        if (verb.SequenceEqual("rollback"u8) && argumentCount == 3)
            return Report("rollback"u8, GuestCalls.Rollback(arguments[2]));
        if (argumentCount != 2)
            return Usage(2);
        if (verb.SequenceEqual("ps"u8))
            return Reports.Groups();
        if (verb.SequenceEqual("history"u8))
            return Reports.History();
        if (verb.SequenceEqual("stat"u8))
            return Reports.Statistics();
        if (verb.SequenceEqual("--help"u8) || verb.SequenceEqual("help"u8))
            return Usage(1);
        return Usage(2);
    }

    private static int Checkpoint(byte* name)
    {
        long epoch = GuestCalls.Checkpoint(name);
        if (epoch < 0)
            return Fail("checkpoint"u8, epoch);
        Span<byte> buffer = stackalloc byte[128];
        var output = new Output(buffer);
        output.Text("epoch "u8);
        output.Number((ulong)epoch);
        output.Text(" is durable"u8);
        output.End(buffer);
        return 0;
    }

    private static int Report(ReadOnlySpan<byte> verb, long result) => result < 0 ? Fail(verb, result) : 0;

    private static int Usage(int descriptor)
    {
        GuestCalls.Write(descriptor, """
            usage: sls COMMAND
              ps                 the consistency groups and how far they are durable
              checkpoint [NAME]  take a checkpoint now, wait until it is durable; a named one is kept
              drop NAME          give up a named checkpoint
              history            the checkpoints in the store, newest first
              rollback EPOCH|NAME  go back: everything continues from that checkpoint; what came later stays in the history
              stat               stop times, dirty pages, bytes, faults, unknown system calls

            """u8);
        return descriptor == 1 ? 0 : BadUsage;
    }

    /// <summary>Reports a kernel's refusal on standard error.</summary>
    internal static int Fail(ReadOnlySpan<byte> what, long result)
    {
        Span<byte> buffer = stackalloc byte[128];
        var line = new Aurora.Base.Utf8Writer(buffer);
        line.Append("sls: "u8);
        line.Append(what);
        line.Append(": "u8);
        ReadOnlySpan<byte> reason = ReasonOf(result);
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

    private static ReadOnlySpan<byte> ReasonOf(long result) => -result switch
    {
        1 => "only root may do that"u8,
        2 => "no such checkpoint"u8,
        5 => "the store has failed"u8,
        28 => "no room: the disk is full, or as many named checkpoints are kept as may be"u8,
        38 => "this kernel is not Aurora"u8,
        95 => "this machine runs without checkpoints"u8,
        125 => "the machine restarted meanwhile; ask again"u8,
        _ => default,
    };
}
