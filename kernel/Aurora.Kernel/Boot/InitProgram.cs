// The first program of a group that has no processes. The strings of the boot configuration stay in the boot module's memory.
using System;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Hal;
using Aurora.Linux.Elf;
using Aurora.Linux.Executive;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;

namespace Aurora.Kernel;

/// <summary>What the boot configuration wants init to run; for other groups, what whoever made them wanted.</summary>
internal sealed class InitProgram(BootSettings settings, ObjectTracker host, GroupPrograms programs) : FirstProgram
{
    public override ReadOnlySpan<byte> PathOf(ObjectTracker group)
    {
        if (group.Index != host.Index)
            return FirstOf(programs.Of(group).Text);
        return settings.Configuration.TryGetArgument(0, out ReadOnlySpan<byte> path) ? path : default;
    }

    public override ReadOnlySpan<byte> SearchPathOf(ObjectTracker group)
    {
        // Who made another group has looked already, in his own.
        if (group.Index != host.Index)
            return default;
        for (int i = 0; settings.Configuration.TryGetEnvironment(i, out ReadOnlySpan<byte> variable); i++)
        {
            if (variable.StartsWith("PATH="u8))
                return variable["PATH="u8.Length..];
        }
        return UsualPath;
    }

    public override Errno Collect(ObjectTracker group, ArgumentBlock arguments)
    {
        if (group.Index != host.Index)
            return Add(programs.Of(group), arguments);
        BootConfiguration configuration = settings.Configuration;
        for (int i = 0; configuration.TryGetArgument(i, out ReadOnlySpan<byte> argument); i++)
        {
            if (!arguments.Add(argument, isEnvironment: false))
                return Errno.E2BIG;
        }
        for (int i = 0; configuration.TryGetEnvironment(i, out ReadOnlySpan<byte> variable); i++)
        {
            if (!arguments.Add(variable, isEnvironment: true))
                return Errno.E2BIG;
        }
        return configuration.EnvironmentCount != 0 || AddDefaultEnvironment(arguments) ? Errno.Ok : Errno.E2BIG;
    }

    public override void Fail(ObjectTracker group, Errno error)
    {
        programs.Fail(group, error);
        // Who asked for another group is told by his call.
        if (group.Index != host.Index)
            return;
        Span<byte> buffer = stackalloc byte[64];
        var writer = new Utf8Writer(buffer);
        writer.Append("@unstarted "u8);
        writer.AppendDecimal((int)error);
        KernelLog.Line(writer.Written);
    }

    private static Errno Add(ProgramStrings program, ArgumentBlock arguments)
    {
        ReadOnlySpan<byte> text = program.Text;
        for (int i = 0; i < program.ArgumentCount + program.EnvironmentCount; i++)
        {
            ReadOnlySpan<byte> next = FirstOf(text);
            if (!arguments.Add(next, isEnvironment: i >= program.ArgumentCount))
                return Errno.E2BIG;
            text = text[(next.Length + 1)..];
        }
        return Errno.Ok;
    }

    private static ReadOnlySpan<byte> FirstOf(ReadOnlySpan<byte> text) => text[..Math.Max(0, text.IndexOf((byte)0))];

    private static ReadOnlySpan<byte> UsualPath => "/bin:/sbin:/usr/bin:/usr/sbin"u8;

    private static bool AddDefaultEnvironment(ArgumentBlock arguments)
        => arguments.Add("PATH=/bin:/sbin:/usr/bin:/usr/sbin"u8, isEnvironment: true)
            && arguments.Add("HOME=/"u8, isEnvironment: true) && arguments.Add("TERM=linux"u8, isEnvironment: true)
            && arguments.Add("PS1=\\w \\$ "u8, isEnvironment: true);
}
