using System;
using System.Runtime.InteropServices;
using Aurora.Guest;

namespace Aurora.Sls;

/// <summary>What exec says when something cannot be done, on standard error.</summary>
internal static unsafe class ExecMessages
{
    private const int RefusedStatus = 1;

    /// <summary>The kernel's refusal to run anything in a group; the exit status.</summary>
    public static int Refused(byte* group, long result)
    {
        Span<byte> buffer = stackalloc byte[320];
        var line = new Aurora.Base.Utf8Writer(buffer);
        line.Append("sls: exec "u8);
        line.Append(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(group));
        line.Append(": "u8);
        Reason(ref line, result);
        line.Append((byte)'\n');
        GuestCalls.Write(2, line.Written);
        return RefusedStatus;
    }

    /// <summary>Something of a stream could not be passed on, and the program is left alone; the exit status.</summary>
    public static int Lost(byte* group, ReadOnlySpan<byte> what, long error)
    {
        Span<byte> buffer = stackalloc byte[160];
        var line = new Aurora.Base.Utf8Writer(buffer);
        line.Append("sls: exec "u8);
        line.Append(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(group));
        line.Append(": "u8);
        line.Append(what);
        line.Append(", errno "u8);
        line.AppendDecimal(-error);
        line.Append((byte)'\n');
        GuestCalls.Write(2, line.Written);
        return RefusedStatus;
    }

    /// <summary>A program that could not be started.</summary>
    public static void NotStarted(byte* group, byte* program, int error)
    {
        Span<byte> buffer = stackalloc byte[512];
        var line = new Aurora.Base.Utf8Writer(buffer);
        line.Append("sls: exec "u8);
        line.Append(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(group));
        line.Append(": "u8);
        ReadOnlySpan<byte> name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(program);
        line.Append(name[..Math.Min(name.Length, 256)]);
        line.Append(error switch
        {
            2 => ": there is no such program in the group"u8,
            7 => ": its arguments are too long"u8,
            8 => ": that is no program"u8,
            12 => ": there is not enough memory to start it"u8,
            13 => ": it may not be run"u8,
            20 => ": its path leads through something that is no directory"u8,
            26 => ": somebody is writing it"u8,
            _ => ": it could not be started, errno "u8,
        });
        if (error is not (2 or 7 or 8 or 12 or 13 or 20 or 26))
            line.AppendDecimal(error);
        line.Append((byte)'\n');
        GuestCalls.Write(2, line.Written);
    }

    private static void Reason(ref Aurora.Base.Utf8Writer line, long result)
    {
        ReadOnlySpan<byte> reason = -result switch
        {
            2 => "there is no such group; 'sls ps' lists them"u8,
            3 => "the group has ended; 'sls rewind' takes it back to when it ran, and 'sls run' starts another"u8,
            5 => "the store has failed, or the group could not be brought back; 'sls ps' and the kernel's log say more"u8,
            6 => "there is no /dev/console in the group"u8,
            16 => "the group is suspended; 'sls resume' lets it go on"u8,
            20 => "the directory is not there in the group"u8,
            22 => "that is the host, whose programs are started without exec"u8,
            23 => "as many programs are run in groups as may be at once (32); wait until one has ended, or use -d"u8,
            125 => "the machine restarted meanwhile, or the group has gone or gone back: what was started goes on, if it is there, alone"u8,
            _ => default,
        };
        if (reason.IsEmpty)
            reason = SlsCommand.ReasonOf(result);
        line.Append(reason);
        if (!reason.IsEmpty)
            return;
        line.Append("refused, errno "u8);
        line.AppendDecimal(-result);
    }
}
