// From services to a running group: it is restored from the store, or begun with the configured program. Managed allocation ends here: the
// last thing sealed is the heap.
using System;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Core;
using Aurora.Hal;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Terminals;
using Aurora.Runtime;

namespace Aurora.Kernel;

/// <summary>Brings the machine's group to the point where its programs may run.</summary>
internal sealed unsafe class GroupStart(Machine machine, BootSettings settings) : BootStep
{
    private const ulong NanosecondsPerMillisecond = 1_000_000;

    protected override bool Work()
    {
        BootConfiguration configuration = settings.Configuration;
        if (!configuration.Persists)
            machine.Group.Tracker.BeEphemeral();
        if (!machine.FailedStarts.MayStart(configuration.IsHeld) || !RestoreGroup())
            return false;
        if (configuration.IsHeld)
            machine.HeldReport.ShowAndPowerOff();
        if (!StartFibers() || !StartInit(configuration))
            return false;
        ApplyConfiguration(configuration);
        if (configuration.Persists && !machine.Fibers.Start(machine.GroupsBody))
            return Refusal.Report("boot"u8, "no memory for the kernel's fibers"u8);
        KernelHeap.Seal();
        machine.Bare.Frames.EndBoot();
        machine.Bare.Pages.EndBoot();
        machine.Start.Announce();
        return true;
    }

    private bool RestoreGroup()
    {
        Entropy.Reseed(machine.Group.Random, machine.Hardware);
        RestoreResult result = machine.Group.Restore(skipUnknownKinds: false, endUnreferenced: true);
        if (!result.IsOk)
            return Refusal.Report("restore"u8, RestoreMessages.Describe(result, stackalloc byte[200]));
        machine.Processes.EndDetached(machine.Group.Tracker, GroupManager.HostName);
        GroupObject* group = machine.Group.Group.Of(machine.Group.Tracker);
        bool hasRun = group->Machine.Xcr0 != 0;
        MachineIdentity identity = machine.Bare.Identity;
        if (hasRun && !group->Machine.IsSatisfiedBy(identity, out ReadOnlySpan<byte> word, out int bit))
            return Refusal.Report("machine"u8, RestoreMessages.DescribeFeature(word, bit, stackalloc byte[160]));
        group->Machine = identity;
        group->MemoryMebibytes = machine.Bare.MemoryMebibytes;
        return true;
    }

    private bool StartFibers()
    {
        foreach (FiberBody body in machine.Bodies)
        {
            machine.Fibers.Add(body);
            if (!machine.Fibers.Start(body))
                return Refusal.Report("boot"u8, "no memory for the kernel's fibers"u8);
        }
        return true;
    }

    // A group that holds processes continues; the configured program is for a group that has none.
    private bool StartInit(in BootConfiguration configuration)
    {
        var window = new WindowSize { Rows = configuration.Rows, Columns = configuration.Columns };
        bool isPlain = !configuration.IsInteractive;
        TerminalService terminals = machine.Processes.Terminals;
        if (machine.Processes.Table.Of(machine.Group.Tracker).Init != null)
        {
            machine.Start.Attach(isPlain, window);
            return true;
        }
        Terminal* console = terminals.ConsoleOf(machine.Group.Tracker);
        if (console == null && terminals.Life.CreateConsole(machine.Group.Tracker, isPlain, window) == null)
            return Refusal.Report("boot"u8, "no memory for the console"u8);
        terminals.Settings.SetPlain(terminals.ConsoleOf(machine.Group.Tracker), isPlain);
        Errno error = machine.Init.Start(machine.Group.Tracker, configuration.WorkingDirectory, root: default, UserOf(in configuration));
        if (error == Errno.Ok)
            return true;
        return Refusal.Report("init"u8, error == Errno.ENOMEM ? "no memory for the first process"u8
            : error == Errno.ENOENT ? "the image lacks /dev/console or the working directory"u8 : "its files could not be opened"u8);
    }

    private static Credentials UserOf(in BootConfiguration configuration)
    {
        var user = new Credentials();
        user.RealUid = user.EffectiveUid = user.SavedUid = user.FileUid = configuration.UserId;
        user.RealGid = user.EffectiveGid = user.SavedGid = user.FileGid = configuration.GroupId;
        for (int i = 0; i < Credentials.MaxGroups && configuration.TryGetGroup(i, out uint group); i++)
        {
            user.Groups[i] = group;
            user.GroupCount = i + 1;
        }
        return user;
    }

    private void ApplyConfiguration(in BootConfiguration configuration)
    {
        machine.Group.Engine.PeriodNanoseconds = configuration.PeriodMilliseconds * NanosecondsPerMillisecond;
        machine.Group.Engine.IsEnabled = configuration.Persists;
        machine.Group.Output.PassThrough(!configuration.Persists);
    }
}
