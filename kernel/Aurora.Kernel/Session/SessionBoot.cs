// From a bare machine to a running group. Runs as the first fiber, because opening the store and restoring wait for the disk; the main loop is
// already turning. Managed allocation ends here: the last step seals the heap.
using System;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Core;
using Aurora.Hal;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Nvme;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Records;
using Aurora.Posix.Signals;
using Aurora.Posix.Terminals;
using Aurora.Posix.Threads;
using Aurora.Posix.Time;
using Aurora.Runtime;
using Aurora.Store;

namespace Aurora.Kernel;

internal sealed unsafe class SessionBoot(BootInformation boot, Machine machine, KernelSession session) : FiberBody
{
    private const ulong NanosecondsPerMillisecond = 1_000_000;

    // The store's overlays of changes that are not indexed yet, two of them, take at most this share of the memory each.
    private const ulong OverlayShare = 16;
    private const ulong MaxOverlayBytes = 64UL << 20;

    public override void Run()
    {
        BootStatus status = BootConfiguration.Parse(boot.ConfigurationBytes, out BootConfiguration configuration, out _);
        if (status != BootStatus.Ok)
        {
            session.Refuse("boot configuration"u8, BootStatusName.Of(status));
            return;
        }
        if (!OpenDisk() || !OpenStore(out ObjectStore? store))
            return;
        BuildServices(store!);
        if (!session.MayStart(store!, configuration.IsHeld) || !RestoreGroup())
            return;
        if (configuration.IsHeld)
            session.ShowHeld();
        if (!StartFibers() || !StartInit(configuration))
            return;
        ApplyConfiguration(configuration);
        KernelHeap.Seal();
        machine.Frames.EndBoot();
        machine.Pages.EndBoot();
        session.Start();
    }

    private bool OpenDisk()
    {
        NvmeDevice? disk = NvmeDevice.Open(session.Hardware, machine.Pages, session.Fibers, new NvmeOptions());
        if (disk == null)
            return session.Refuse("disk"u8, "no usable NVMe disk; the log says why"u8);
        session.Disk = disk;
        return true;
    }

    private bool OpenStore(out ObjectStore? store)
    {
        ulong share = machine.Frames.TotalFrames * PageSize.Bytes / OverlayShare;
        var options = new OpenOptions { BackgroundMaintenance = true, OverlayBytes = Math.Min(share, MaxOverlayBytes) };
        StoreStatus status = ObjectStore.Open(
            session.Disk!.Controller, machine.UrgentPages, session.Fibers, in options, out store, out StoreFault fault);
        if (status == StoreStatus.OutOfMemory)
            return session.Refuse("store"u8, "the machine has too little memory for the changes in the disk's log: start it with more (-m)"u8);
        return status == StoreStatus.Ok || session.Refuse("store"u8, StoreMessages.Describe(status, fault, stackalloc byte[160]));
    }

    private void BuildServices(ObjectStore store)
    {
        var budget = new EpochBudget(store.CommitBudget, (ulong)machine.Frames.TotalFrames);
        var below = new SessionMachine
        {
            Pages = machine.Pages,
            UrgentPages = machine.UrgentPages,
            Frames = machine.Frames,
            Tlb = machine.Tlb,
            Fibers = session.Fibers,
            Clock = session.Hardware.Clock,
            TemplateRoot = KernelPageTables.Root,
            Memory = MemoryOptions.Default with
            {
                MaxMappingsPerSpace = budget.MaxMappings,
                MaxOverlaysPerFile = budget.MaxOverlays,
            },
            Files = FileLimits.Default,
        };
        var group = new GroupSession(in below, store);
        session.Group = group;
        var control = new SessionControl(session);
        var processes = new GroupProcesses(group, machine.Pages, session.Extended, control);
        var services = new LinuxServices
        {
            Pages = machine.Pages,
            Tracker = group.Tracker,
            Clock = group.Clock,
            Memory = group.Memory,
            User = group.User,
            Scheduler = group.Scheduler,
            Processes = processes.Table,
            Settings = processes.Settings,
            Signals = processes.Signals,
            Timers = processes.Timers,
            ProcessFiles = processes.Files,
            Life = processes.Life,
            Terminals = processes.Terminals,
            Extended = session.Extended,
            Machine = control,
            Files = group.Files,
            Checkpoints = group.Engine,
            FirstProgram = new InitProgram(boot),
        };
        session.Linux = new LinuxKernel(in services);
        session.Linux.Programs.HardwareCapabilities = machine.Identity.Leaf1Edx;
        session.Executive = new SystemCallExecutive(session.Linux);
        group.Files.Preemption = new KernelPreemption();
        group.Files.Space = new StoreSpace(store, group.Engine, machine.Pages.Accounts);
        group.Files.Proc.Information = DescribeMachine(session.Linux);
    }

    private static LinuxProcessInformation DescribeMachine(LinuxKernel linux)
    {
        var information = new LinuxProcessInformation(linux);
        Span<byte> name = stackalloc byte[CpuFeatures.NameBytes];
        CpuFeatures.ReadName(name);
        information.SetProcessorName(name);
        return information;
    }

    private bool RestoreGroup()
    {
        Entropy.Reseed(session.Group.Random, session.Hardware);
        RestoreResult result = session.Group.Restore(skipUnknownKinds: false, endUnreferenced: true);
        if (!result.IsOk)
            return session.Refuse("restore"u8, RestoreMessages.Describe(result, stackalloc byte[200]));
        GroupObject* group = session.Group.Group.Group;
        bool hasRun = group->Machine.Xcr0 != 0;
        if (hasRun && !group->Machine.IsSatisfiedBy(machine.Identity, out ReadOnlySpan<byte> word, out int bit))
            return session.Refuse("machine"u8, RestoreMessages.DescribeFeature(word, bit, stackalloc byte[160]));
        group->Machine = machine.Identity;
        group->MemoryMebibytes = machine.MemoryMebibytes;
        return true;
    }

    private bool StartFibers()
    {
        GroupSession group = session.Group;
        bool isStarted = Start(new FlushFiber(group.Engine)) && Start(new CommitFiber(group.Engine)) && Start(new ErrandFiber(group.Engine))
            && Start(new MaintenanceFiber(session)) && Start(new ReclaimFiber(group.Reclaimer));
        for (int i = 0; i < PagerFiber.Count; i++)
            isStarted &= Start(new PagerFiber(session, group.Memory, group.Store));
        return isStarted || session.Refuse("boot"u8, "no memory for the kernel's fibers"u8);
    }

    private bool Start(FiberBody body)
    {
        session.Fibers.Add(body);
        return session.Fibers.Start(body);
    }

    private void ApplyConfiguration(in BootConfiguration configuration)
    {
        session.Group.Engine.PeriodNanoseconds = configuration.PeriodMilliseconds * NanosecondsPerMillisecond;
        session.Group.Engine.IsEnabled = configuration.Persists;
        session.Group.Output.PassThrough = !configuration.Persists;
    }

    // A group that holds processes continues; the configured program is for a group that has none.
    private bool StartInit(in BootConfiguration configuration)
    {
        var window = new WindowSize { Rows = configuration.Rows, Columns = configuration.Columns };
        if (session.Linux.Processes.Init != null)
        {
            session.Attach(!configuration.IsInteractive, window);
            return true;
        }
        if (session.Linux.Terminals.Console == null && session.Linux.Terminals.Life.CreateConsole(!configuration.IsInteractive, window) == null)
            return session.Refuse("boot"u8, "no memory for the console"u8);
        session.Linux.Terminals.Settings.SetPlain(session.Linux.Terminals.Console, !configuration.IsInteractive);
        return InitProgram.Start(session, configuration);
    }
}
