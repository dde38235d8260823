using System;
using System.Collections.Generic;
using Aurora.Base;
using Aurora.Checkpoint.Tests;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Store;

namespace Aurora.Crash.Tests;

/// <summary>Enumerates what a power cut could leave of a bank's regions, and checks what becomes of them.</summary>
internal sealed unsafe class BankSuite(BankFaults faults)
{
    // Every so many points of a history at which nothing special has happened.
    private const int PlainPoints = 12;

    private readonly HashSet<(int Seed, ulong First, ulong Second, ulong Third)> _outcomes = [];

    public int States { get; private set; }

    public int Outcomes => _outcomes.Count;

    public int Persists { get; private set; }

    public int Checkpoints { get; private set; }

    /// <summary>One history and its crash states, and so many histories that go on from one of those.</summary>
    public void Run(int seed, int transfers, int statesPerPoint, int mostStates, int further)
    {
        List<Dictionary<ulong, byte[]>> recovered = [];
        RunOne(seed, transfers, statesPerPoint, mostStates, [], recovered);
        for (int i = 0; i < further && i < recovered.Count; i++)
            RunOne(seed + 1000 + i, transfers / 2, statesPerPoint, mostStates / 2, recovered[recovered.Count - 1 - i], []);
    }

    private void RunOne(
        int seed, int transfers, int statesPerPoint, int mostStates, Dictionary<ulong, byte[]> image, List<Dictionary<ulong, byte[]>> kept)
    {
        RecordedBank bank = BankHistory.Run(seed, transfers, image, faults);
        Persists += bank.Persists;
        Checkpoints += bank.Moments.Count;
        var random = new Random(seed);
        int last = States + mostStates;
        int points = 0;
        foreach (int _ in PointsOf(bank, image))
            points++;
        // Spread over the history.
        int every = Math.Max(1, points * (statesPerPoint + 2) / mostStates);
        int point = 0;
        var states = new CrashStates(bank.Events, image);
        while (states.Advance() && States < last)
        {
            if (!IsPoint(states) || point++ % every != 0)
                continue;
            foreach ((List<TraceEvent> arrived, bool isTorn) in CrashStates.Choices(states.Outstanding, statesPerPoint, random))
            {
                Dictionary<ulong, byte[]> crashed = states.Image(arrived, isTorn ? random : null);
                Check(seed, bank, crashed, states.Acknowledged);
                if (arrived.Count > 0 && arrived.Count < states.Outstanding.Count && random.Next(40) == 0)
                    kept.Add(crashed);
            }
        }
    }

    private static IEnumerable<int> PointsOf(RecordedBank bank, Dictionary<ulong, byte[]> image)
    {
        var states = new CrashStates(bank.Events, image);
        while (states.Advance())
            if (IsPoint(states))
                yield return states.Position;
    }

    // Once the books are open.
    private static bool IsPoint(CrashStates states)
        => states.Acknowledged > 0 && (states.IsInteresting || states.Position % PlainPoints == 0);

    private void Check(int seed, RecordedBank bank, Dictionary<ulong, byte[]> image, ulong acknowledged)
    {
        States++;
        var device = new TraceDevice(BankHistory.Blocks, image);
        var fibers = new SteppedFibers();
        using var machine = new RegionMachine(device, fibers, fibers.OfStore, threads: 1, faults, isLive: false);
        machine.Wait = () => SteppedFibers.Run(machine.Regions.RunOrderFiber);
        machine.Restore();
        AddressSpace* space = machine.NewSpace();
        ulong[] promised = bank.Promises[(int)acknowledged];
        Span<ulong> last = stackalloc ulong[BankHistory.Regions];
        for (int region = 0; region < BankHistory.Regions; region++)
            last[region] = CheckRegion(machine, space, region, bank.Models[region], promised[region]);
        BankGroup.Check(machine, bank.Moments, promised[BankHistory.Regions], last);
        _outcomes.Add((seed, last[0], last[1], last[2]));
        if (States % 8 == 0)
            CheckClones(machine, bank, BankHistory.CloneNames(seed));
        if (States % 16 == 0)
            CrashStore.CheckClean(device, faults.Store);
    }

    // It is exactly what it was after its last persist, which is no older than promised.
    private static ulong CheckRegion(RegionMachine machine, AddressSpace* space, int region, BankModel model, ulong promised)
    {
        string name = BankHistory.NameOf(region);
        Region* opened = machine.Open(name, 0);
        ulong at = machine.Map(space, opened);
        ulong last = machine.Regions.StatusOf(opened).Durable;
        CrashStore.Require(last >= promised, $"{name}: persist {promised} was acknowledged, and {last} is the last");
        ulong[]? state = model.After(last);
        CrashStore.Require(state != null, $"{name}: persist {last} never was");
        ulong[] pages = PagesOf(machine, space, at);
        for (int page = 0; page < pages.Length; page++)
            CrashStore.Require(pages[page] == state![page], $"{name} page {page}: {pages[page]} instead of {state[page]} after {last}");
        if (region < BankHistory.Banks)
            CrashStore.Require(SumOf(pages) == BankHistory.Accounts * BankHistory.Each, $"{name}: the sum is {SumOf(pages)}");
        return last;
    }

    private static ulong[] PagesOf(RegionMachine machine, AddressSpace* space, ulong at)
    {
        ulong[] pages = new ulong[BankHistory.Pages];
        for (int page = 0; page < pages.Length; page++)
        {
            ulong* words = machine.Touch(0, space, at + ((ulong)page * PageSize.Bytes), FaultAccess.Read);
            CrashStore.Require(words[0] == words[300] && words[0] == words[511], $"page {page} is torn");
            pages[page] = words[0];
        }
        return pages;
    }

    private static ulong SumOf(ulong[] pages)
    {
        ulong sum = 0;
        for (int account = 0; account < BankHistory.Accounts; account++)
            sum += pages[account] - 1;
        return sum;
    }

    // A clone is what its source was after one of its persists. It keeps the address, so it is shown in a space of its own.
    private static void CheckClones(RegionMachine machine, RecordedBank bank, string names)
    {
        RegionRequest list = RegionMachine.Request(RegionRequestKind.List, "");
        CrashStore.Require(machine.Ask(in list, 0, out _) == Errno.Ok, "regions cannot be listed");
        byte[] name = new byte[RegionRequest.MaxNameBytes];
        for (int index = 0; machine.Regions.Read(index, 0, isPrivileged: true, out _, name, out int length); index++)
        {
            string text = System.Text.Encoding.UTF8.GetString(name, 0, length);
            if (!text.StartsWith(names, StringComparison.Ordinal))
                continue;
            AddressSpace* space = machine.NewSpace();
            ulong[] pages = PagesOf(machine, space, machine.Map(space, machine.Open(text, 0)));
            bool isState = false;
            for (int region = 0; region < BankHistory.Banks && !isState; region++)
                foreach (ulong[] state in bank.Models[region].States)
                    isState |= state.AsSpan().SequenceEqual(pages);
            CrashStore.Require(isState, $"{text} is no state that its source had");
        }
    }
}
