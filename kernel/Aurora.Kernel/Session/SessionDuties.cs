using System;
using Aurora.Checkpoint;

namespace Aurora.Kernel;

/// <summary>What the main loop does for the session every turn, beside running its threads.</summary>
internal sealed class SessionDuties(
    SerialConsole console, HeldOutput output, ConsoleInput input, ControlCommands commands, LauncherExecs execs, SessionEnd end,
    LastingStart lasting)
{
    /// <summary>When <see cref="LookAfter"/> has to be called again at the latest.</summary>
    public ulong DueNanoseconds => Math.Min(end.DueNanoseconds, lasting.DueNanoseconds);

    /// <summary>Does the work that interrupt handlers posted: what was typed, and the launcher's commands.</summary>
    public void ServeEvents(ulong events)
    {
        input.Receive();
        if (events != 0)
            commands.ObeyAll();
    }

    /// <summary>Shows output that may be seen, and notices what is due.</summary>
    public void LookAfter()
    {
        output.Pump(console);
        execs.Pump(end.IsUnderWay);
        end.Check();
        lasting.Note();
    }
}
