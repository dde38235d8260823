// The session: the group's services joined to this machine. Made by SessionBoot in the boot fiber; from then on the main loop drives it.
using System;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Core;
using Aurora.Hal;
using Aurora.Linux.Executive;
using Aurora.Posix.Terminals;

namespace Aurora.Kernel;

internal sealed unsafe partial class KernelSession
{
    private const ulong ForgetNanoseconds = 1_000_000_000;

    private readonly SerialConsole _console;
    private readonly ClosingFiber _closing;
    private readonly ForgettingFiber _forgetting;
    private ulong _forgottenNanoseconds;

    public KernelSession(Hardware hardware, KernelFibers fibers)
    {
        Hardware = hardware;
        Fibers = fibers;
        _console = new SerialConsole(hardware.Console);
        _mark = new StartMark(hardware.Ports);
        _closing = new ClosingFiber(this);
        _forgetting = new ForgettingFiber(this);
        fibers.Add(_closing);
        fibers.Add(_forgetting);
    }

    public Hardware Hardware { get; }
    public KernelFibers Fibers { get; }
    public KernelExtendedState Extended { get; } = new();
    public NvmeDevice? Disk { get; set; }
    public GroupSession Group { get; set; } = null!;
    public LinuxKernel Linux { get; set; } = null!;
    public SystemCallExecutive Executive { get; set; } = null!;

    /// <summary>True once the group has been started or resumed.</summary>
    public bool IsRunning { get; set; }

    /// <summary>
    /// True while no thread may run: the store has failed, or has no room for what they do, and it could not become durable; or the session ends.
    /// </summary>
    public bool IsPaused => _failureReported || _ending != EndReason.None || Group.Engine.MustPause;

    /// <summary>True when the disk has failed for good; until then the driver recovers by itself and requests merely take longer.</summary>
    public bool HasDiskFailed => Disk is { Controller.HasFailed: true };

    /// <summary>Does the work that interrupt handlers posted.</summary>
    public void ServeEvents(ulong events)
    {
        Disk?.Serve(events);
        if (!IsRunning)
            return;
        ReceiveInput();
        if (events == 0)
            return;
        while (Hardware.Control.TryReadCommand(out ReadOnlySpan<byte> command))
            Obey(command);
    }

    /// <summary>Gives output that may be seen to the serial port.</summary>
    public void PumpOutput() => Group.Output.Pump(_console);

    /// <summary>Keeps the lists of dirty pages bounded in a session that is not persisted: nobody will ever freeze them.</summary>
    public void ForgetUnpersistedChanges()
    {
        ulong now = Hardware.Clock.MonotonicNanoseconds;
        if (Group.Engine.IsEnabled || now - _forgottenNanoseconds < ForgetNanoseconds)
            return;
        _forgottenNanoseconds = now;
        Group.Memory.Epochs.DropTracking(Group.Tracker);
    }
}
