// The first program of a group that has no processes: the boot configuration says which. The strings stay in the boot module's memory.
using System;
using Aurora.Base;
using Aurora.Hal;
using Aurora.Linux.Elf;
using Aurora.Linux.Executive;
using Aurora.Posix.SystemCalls;

namespace Aurora.Kernel;

/// <summary>What the boot configuration wants init to run.</summary>
internal sealed class InitProgram(BootSettings settings) : FirstProgram
{
    public override ReadOnlySpan<byte> Path
        => settings.Configuration.TryGetArgument(0, out ReadOnlySpan<byte> path) ? path : default;

    public override Errno Collect(ArgumentBlock arguments)
    {
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

    private static bool AddDefaultEnvironment(ArgumentBlock arguments)
        => arguments.Add("PATH=/bin:/sbin:/usr/bin:/usr/sbin"u8, isEnvironment: true)
            && arguments.Add("HOME=/"u8, isEnvironment: true) && arguments.Add("TERM=linux"u8, isEnvironment: true)
            && arguments.Add("PS1=\\w \\$ "u8, isEnvironment: true);
}
