// A bank: twenty threads of two programs move money between the hundred accounts of each of two regions, a page each. Who has an account
// keeps it until its persist has been taken. Most persists are waited for, some later, and some threads give transfers up. Each transfer
// counts in a page of its thread's own, and in one that several threads store to, which goes with whoever stored to it first. In a third
// region everybody stores anywhere, and persists for all. Beside them the group is checkpointed, the store makes its cuts, and regions are
// cloned.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Store.Tests;
using Aurora.Testing;

namespace Aurora.Crash.Tests;

/// <summary>What a bank's machine did to its device, what the regions must be after each persist, and what was promised.</summary>
internal sealed record RecordedBank(
    List<TraceEvent> Events, BankModel[] Models, List<ulong[]> Promises, IReadOnlyDictionary<ulong, BankMoment> Moments, int Persists);

/// <summary>Records one history of a bank.</summary>
internal sealed unsafe partial class BankHistory : IDisposable
{
    public const int Threads = 20;
    public const int Accounts = 100;
    public const int Banks = 2;
    public const int Regions = Banks + 1;
    public const int Pages = Accounts + Threads + 1;
    public const ulong Each = 1000;
    public const ulong Blocks = 6000;
    private const int Programs = 2;

    // The page that several threads of a bank store to.
    private const int Common = Accounts + Threads;
    private const int MostAccounts = 6;

    private readonly int _seed;
    private readonly Random _random;
    private readonly BatonFibers _fibers;
    private readonly TraceDevice _device;
    private readonly RegionMachine _machine;
    private readonly BankModel[] _models = new BankModel[Regions];
    private readonly nint[] _regions = new nint[Regions];
    private readonly ulong[] _addresses = new ulong[Regions];
    private readonly bool[,] _taken = new bool[Banks, Accounts];
    private readonly ulong[] _durable = new ulong[Regions + 1];
    private readonly BankGroup _group;
    private readonly List<ulong[]> _promises = [new ulong[Regions + 1]];
    private readonly int _transfers;
    private readonly nint[] _spaces = new nint[Programs];
    private int _persists;
    private bool _isQuiet;
    private int _active;
    private bool _isOpen;
    private int _left = Threads;

    private BankHistory(int seed, int transfers, Dictionary<ulong, byte[]> image, BankFaults faults)
    {
        _seed = seed;
        _random = new Random(seed);
        _transfers = transfers;
        _fibers = new BatonFibers(seed);
        _device = new TraceDevice(Blocks, image) { IsRecording = true };
        if (image.Count == 0)
            CrashStore.Format(_device);
        _machine = new RegionMachine(_device, _fibers, _fibers, Threads + 1, faults, isLive: true) { Wait = Pass };
        if (image.Count == 0)
            CrashStore.Require(_machine.Session.Create(), "no group");
        else
            _machine.Restore();
        _group = new BankGroup(_machine, Threads);
        _device.WhileWaiting = LetOthersRun;
    }

    /// <summary>What the names of clones begin with that a history has made.</summary>
    public static string CloneNames(int seed) => $"copy-{seed}-";

    public static string NameOf(int region) => region < Banks ? $"bank{region}" : "common";

    /// <summary>Records a history that begins with nothing, or with an image.</summary>
    public static RecordedBank Run(int seed, int transfers, Dictionary<ulong, byte[]> image, BankFaults faults)
    {
        using var history = new BankHistory(seed, transfers, image, faults);
        try
        {
            history.Run();
        }
        catch (InvalidOperationException failure) when (failure.InnerException is CrashFindingException or PanicException)
        {
            throw new CrashFindingException(failure.InnerException.Message);
        }
        return new RecordedBank(history._device.Events, history._models, history._promises, history._group.Moments, history._persists);
    }

    public void Dispose()
    {
        _fibers.End();
        _machine.Dispose();
    }

    private void Run()
    {
        GroupFibers();
        _fibers.Start(Begin);
        _fibers.Run(TimeSpan.FromMinutes(5));
    }

    private void GroupFibers()
    {
        for (int i = 0; i < RegionManager.PersistFibers; i++)
            _fibers.Start(_machine.Regions.RunPersistFiber);
        _fibers.Start(_machine.Regions.RunOrderFiber);
        _fibers.Start(_machine.Store.RunMaintenance);
        _fibers.Start(_machine.Session.Engine.RunFlushFiber);
        _fibers.Start(_machine.Session.Engine.RunCommitFiber);
    }

    private void Begin()
    {
        for (int program = 0; program < Programs; program++)
            _spaces[program] = (nint)_group.NewProgram();
        for (int region = 0; region < Regions; region++)
            Open(region);
        _group.Checkpoint(_spaces, _models);
        while (_group.Durable < _machine.Session.Engine.LastCaptured.Value)
            Pass();
        _isOpen = true;
        Promise();
        for (int i = 0; i < Threads; i++)
        {
            int thread = i;
            _fibers.Start(() => Serve(thread));
        }
        Accompany();
    }

    private void Open(int region)
    {
        Region* opened = _machine.Open(NameOf(region), Pages);
        _regions[region] = (nint)opened;
        foreach (nint space in _spaces)
            _addresses[region] = _machine.Map((AddressSpace*)space, opened);
        ulong[] pages = [.. Enumerable.Range(0, Pages).Select(page => *At(Threads, region, page, FaultAccess.Read))];
        _durable[region] = _machine.Regions.StatusOf(opened).Durable;
        _models[region] = new BankModel(_durable[region], pages);
        if (region >= Banks || pages[0] != 0)
            return;
        for (int account = 0; account < Accounts; account++)
            Store(Threads, region, account, Each + 1);
        ulong number = Persist(region, Threads, isOfAll: false);
        AwaitDurable(region, number);
    }

    // What happens beside: checkpoints, and clones.
    private void Accompany()
    {
        for (int turn = 1; _left > 0; turn++)
        {
            for (int i = 0; i < 60; i++)
                Pass();
            if (turn % 3 == 0)
                Clone(turn % Banks, $"{CloneNames(_seed)}{turn}");
            else
                Checkpoint(isQuiet: turn % 4 == 0);
        }
    }

    private void Checkpoint(bool isQuiet)
    {
        _isQuiet = isQuiet;
        while (isQuiet && _active > 0)
            Pass();
        _group.Checkpoint(_spaces, _models);
        _isQuiet = false;
    }

    private void Clone(int region, string target)
    {
        RegionRequest request = RegionMachine.Request(RegionRequestKind.Clone, NameOf(region));
        request.SetTarget(Encoding.UTF8.GetBytes(target));
        Errno error = _machine.Ask(in request, Threads, out _);
        CrashStore.Require(error is Errno.Ok or Errno.EEXIST, $"clone: {error}");
    }

    private void Pass()
    {
        _machine.Clock.Advance(50_000);
        _fibers.Yield();
    }

    private void LetOthersRun()
    {
        for (int i = _random.Next(4); i > 0; i--)
            _fibers.Yield();
    }
}
