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

internal static unsafe class SessionBoot
{
    private const ulong NanosecondsPerMillisecond = 1_000_000;

    // The store's overlays of changes that are not indexed yet, two of them, take at most this share of the memory each.
    private const ulong OverlayShare = 16;
    private const ulong MaxOverlayBytes = 64UL << 20;

    private static BootInformation s_boot;
    private static Machine s_machine = null!;

    /// <summary>Starts the boot fiber; <see cref="MainLoop"/> runs it.</summary>
    public static void Begin(in BootInformation boot, Machine machine, KernelSession session)
    {
        s_boot = boot;
        s_machine = machine;
        Panic.Unless(session.Fibers.Start(&Run, null), "boot: no memory for the first fiber"u8);
    }

    private static void Run(void* argument)
    {
        KernelSession session = KernelSession.Current;
        BootStatus status = BootConfiguration.Parse(s_boot.ConfigurationBytes, out BootConfiguration configuration, out _);
        if (status != BootStatus.Ok)
        {
            session.Refuse("boot configuration"u8, BootStatusName.Of(status));
            return;
        }
        if (!OpenDisk(session) || !OpenStore(session, out ObjectStore? store))
            return;
        BuildServices(session, store!);
        if (!session.MayStart(store!, configuration.IsHeld) || !RestoreGroup(session))
            return;
        if (configuration.IsHeld)
            session.ShowHeld();
        if (!StartFibers(session) || !StartInit(session, configuration))
            return;
        ApplyConfiguration(session, configuration);
        KernelHeap.Seal();
        s_machine.Frames.EndBoot();
        s_machine.Pages.EndBoot();
        session.Start();
    }

    private static bool OpenDisk(KernelSession session)
    {
        NvmeDevice? disk = NvmeDevice.Open(session.Hardware, s_machine.Pages, session.Fibers, new NvmeOptions());
        if (disk == null)
            return session.Refuse("disk"u8, "no usable NVMe disk; the log says why"u8);
        session.Disk = disk;
        return true;
    }

    private static bool OpenStore(KernelSession session, out ObjectStore? store)
    {
        ulong share = s_machine.Frames.TotalFrames * PageSize.Bytes / OverlayShare;
        var options = new OpenOptions { BackgroundMaintenance = true, OverlayBytes = Math.Min(share, MaxOverlayBytes) };
        StoreStatus status = ObjectStore.Open(
            session.Disk!.Controller, s_machine.UrgentPages, session.Fibers, in options, out store, out StoreFault fault);
        if (status == StoreStatus.OutOfMemory)
            return session.Refuse("store"u8, "the machine has too little memory for the changes in the disk's log: start it with more (-m)"u8);
        return status == StoreStatus.Ok || session.Refuse("store"u8, StoreMessages.Describe(status, fault, stackalloc byte[160]));
    }

    private static void BuildServices(KernelSession session, ObjectStore store)
    {
        var budget = new EpochBudget(store.CommitBudget, (ulong)s_machine.Frames.TotalFrames);
        var machine = new SessionMachine
        {
            Pages = s_machine.Pages,
            UrgentPages = s_machine.UrgentPages,
            Frames = s_machine.Frames,
            Tlb = s_machine.Tlb,
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
        var group = new GroupSession(in machine, store);
        session.Group = group;
        var control = new SessionControl(session);
        var processes = new GroupProcesses(group, s_machine.Pages, session.Extended, control);
        var services = new LinuxServices
        {
            Pages = s_machine.Pages,
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
        };
        session.Linux = new LinuxKernel(in services);
        session.Linux.AttachFiles(group.Files, group.Engine);
        session.Linux.AttachPrograms();
        session.Linux.Programs.HardwareCapabilities = s_machine.Identity.Leaf1Edx;
        session.Linux.FirstProgram = new InitProgram(s_boot);
        session.Executive = new SystemCallExecutive(session.Linux);
        group.Files.Preemption = new KernelPreemption();
        group.Files.Space = new StoreSpace(store, group.Engine, s_machine.Pages.Accounts);
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

    private static bool RestoreGroup(KernelSession session)
    {
        Entropy.Reseed(session.Group.Random, session.Hardware);
        RestoreResult result = session.Group.Restore(skipUnknownKinds: false, endUnreferenced: true);
        if (!result.IsOk)
            return session.Refuse("restore"u8, RestoreMessages.Describe(result, stackalloc byte[200]));
        GroupObject* group = session.Group.Group.Group;
        bool hasRun = group->Machine.Xcr0 != 0;
        if (hasRun && !group->Machine.IsSatisfiedBy(s_machine.Identity, out ReadOnlySpan<byte> word, out int bit))
            return session.Refuse("machine"u8, RestoreMessages.DescribeFeature(word, bit, stackalloc byte[160]));
        group->Machine = s_machine.Identity;
        group->MemoryMebibytes = s_machine.MemoryMebibytes;
        return true;
    }

    private static bool StartFibers(KernelSession session)
    {
        bool isStarted = session.Fibers.Start(&RunFlush, null) && session.Fibers.Start(&RunCommit, null)
            && session.Fibers.Start(&RunErrands, null) && session.Fibers.Start(&RunMaintenance, null)
            && session.Fibers.Start(&RunReclaim, null);
        for (int i = 0; i < PagerFiber.Count; i++)
            isStarted &= session.Fibers.Start(&PagerFiber.Run, null);
        return isStarted || session.Refuse("boot"u8, "no memory for the kernel's fibers"u8);
    }

    private static void RunFlush(void* argument) => KernelSession.Current.Group.Engine.RunFlushFiber();

    private static void RunCommit(void* argument) => KernelSession.Current.Group.Engine.RunCommitFiber();

    private static void RunErrands(void* argument) => KernelSession.Current.Group.Engine.RunErrandFiber();

    private static void RunReclaim(void* argument) => KernelSession.Current.Group.Reclaimer.Run();

    private static void RunMaintenance(void* argument) => KernelSession.Current.RunMaintenance();

    private static void ApplyConfiguration(KernelSession session, in BootConfiguration configuration)
    {
        session.Group.Engine.PeriodNanoseconds = configuration.PeriodMilliseconds * NanosecondsPerMillisecond;
        session.Group.Engine.IsEnabled = configuration.Persists;
        session.Group.Output.PassThrough = !configuration.Persists;
    }

    // A group that holds processes continues; the configured program is for a group that has none.
    private static bool StartInit(KernelSession session, in BootConfiguration configuration)
    {
        var window = new WindowSize { Rows = configuration.Rows, Columns = configuration.Columns };
        if (session.Linux.Processes.Init != null)
        {
            session.Attach(!configuration.IsInteractive, window);
            return true;
        }
        if (session.Linux.Terminals.Console == null && session.Linux.Terminals.CreateConsole(!configuration.IsInteractive, window) == null)
            return session.Refuse("boot"u8, "no memory for the console"u8);
        session.Linux.Terminals.SetPlain(session.Linux.Terminals.Console, !configuration.IsInteractive);
        return InitProgram.Start(session, configuration);
    }
}
