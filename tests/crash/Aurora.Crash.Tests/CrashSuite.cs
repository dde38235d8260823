// The suite itself: histories, crash states, recovery, comparison. Used as it is for the store as it should be, and with a seeded fault to
// prove that it would find it.
using System;
using System.Collections.Generic;
using Aurora.Store;
using Aurora.Store.Tests;

namespace Aurora.Crash.Tests;

/// <summary>Enumerates crash states and checks what recovery makes of them.</summary>
public sealed class CrashSuite
{
    private readonly SeededFaults _seeded;
    private readonly HashSet<(int Seed, ulong Sequence, ulong Free, ulong Log)> _outcomes = [];

    internal CrashSuite(SeededFaults seeded) => _seeded = seeded;

    private readonly HashSet<ulong> _seen = [];
    private readonly Dictionary<byte[], ulong> _sums = new(ReferenceEqualityComparer.Instance);

    /// <summary>Distinct images recovered from.</summary>
    public int States { get; private set; }

    /// <summary>Crash states constructed; several may be the same image.</summary>
    public int Constructed { get; private set; }

    public int Outcomes => _outcomes.Count;

    public int Histories { get; private set; }

    /// <summary>One history, its crash states, and for some of them a second history on top with crash states of its own.</summary>
    public void Run(int seed, int commits, int statesPerPoint, int secondHistories)
    {
        // A failing write now and then: what is then acknowledged must still be true.
        int failingWrite = seed % 4 == 3 ? 40 + (seed * 37 % 200) : -1;
        int failingWriteOfFibers = 60 + (seed * 53 % 500);

        // Every third history is made by fibers: commits in flight in the middle of cuts.
        RecordedHistory history = seed % 3 == 2
            ? FiberHistory.Run(seed, commits, _seeded, seed % 6 == 5 ? failingWriteOfFibers : -1)
            : CrashHistory.Run(seed, commits, _seeded, [], CrashWorld.Of(new StoreModel()), new KeptNames(), failingWrite);
        Histories++;
        _sums.Clear();
        List<(Dictionary<ulong, byte[]> Image, ulong Sequence)> recovered = [];
        RunStates(seed, history, [], statesPerPoint, secondHistories, recovered);
        foreach ((Dictionary<ulong, byte[]> image, ulong sequence) in recovered)
        {
            RecordedHistory second = CrashHistory.Run(seed + 7919, 6, _seeded, image, history.Models[sequence], history.Names.At(sequence));
            Histories++;
            RunStates(seed, second, image, statesPerPoint, 0, []);
        }
    }

    private void RunStates(
        int seed,
        RecordedHistory history,
        Dictionary<ulong, byte[]> image,
        int statesPerPoint,
        int keep,
        List<(Dictionary<ulong, byte[]> Image, ulong Sequence)> recovered)
    {
        var random = new Random(seed);
        var states = new CrashStates(history.Events, image);
        while (states.Advance())
        {
            // Before the first acknowledgement there is no store to recover.
            bool isFormatted = states.Acknowledged > 0 || image.Count > 0 || states.Position > 40;
            if (!isFormatted || (!states.IsInteresting && random.Next(40) != 0))
                continue;
            foreach ((List<TraceEvent> arrived, bool isTorn) in CrashStates.Choices(states.Outstanding, statesPerPoint, random))
            {
                Dictionary<ulong, byte[]> crashed = states.Image(arrived, isTorn ? random : null);
                Constructed++;
                if (!_seen.Add(Mix(SumOf(crashed), states.Acknowledged)))
                    continue;
                ulong sequence = Check(seed, history, crashed, states.Acknowledged);
                if (recovered.Count < keep && arrived.Count > 0 && arrived.Count < states.Outstanding.Count && random.Next(12) == 0)
                    recovered.Add((crashed, sequence));
            }
        }
    }

    // The sum of an image does not depend on the order of its blocks. Contents are summed once, as images share them.
    private ulong SumOf(Dictionary<ulong, byte[]> image)
    {
        ulong sum = 0;
        foreach ((ulong block, byte[] data) in image)
        {
            if (!_sums.TryGetValue(data, out ulong content))
                _sums[data] = content = System.IO.Hashing.XxHash64.HashToUInt64(data);
            sum += Mix(block, content);
        }
        return sum;
    }

    private static ulong Mix(ulong a, ulong b)
    {
        ulong value = (a * 0x9FB21C651E98DF25) ^ (b + 0x9E3779B97F4A7C15);
        value ^= value >> 32;
        value *= 0xBF58476D1CE4E5B9;
        return value ^ (value >> 29);
    }

    // A reader must see the same as recovery, without writing.
    private void CheckReadOnly(RecordedHistory history, TraceDevice device)
    {
        ObjectStore store = CrashStore.Open(device, _seeded, isReadOnly: true);
        try
        {
            bool isKnown = history.Models.TryGetValue(store.LastSequence, out CrashWorld? world);
            CrashStore.Require(isKnown, $"a reader finds a commit {store.LastSequence} that never was");
            CrashStore.Compare(store, world!);
        }
        finally
        {
            store.Abandon();
        }
    }

    private ulong Check(int seed, RecordedHistory history, Dictionary<ulong, byte[]> image, ulong acknowledged)
    {
        States++;
        var device = new TraceDevice(CrashStore.Blocks, image);
        if (States % 4 == 1)
            CheckReadOnly(history, device);
        ObjectStore store = CrashStore.Open(device, _seeded);
        try
        {
            ulong sequence = store.LastSequence;
            CrashStore.Require(sequence >= acknowledged, $"{acknowledged} was acknowledged, {sequence} recovered");
            CrashStore.Require(history.Models.ContainsKey(sequence), $"recovered a commit {sequence} that never was");
            CrashWorld world = history.Models[sequence];
            CrashStore.Compare(store, world);
            StoreStatistics statistics = store.Statistics;
            _outcomes.Add((seed, sequence, statistics.FreeBlocks, statistics.LogBlocksUsed));
            CrashStore.CheckClean(device, _seeded);
            history.Names.Require(store);
            if (States % 8 == 0)
                CrashStore.CompareHistory(store, history.Models);

            // The recovered store must be usable, and stay right after the log has become trees.
            if (States % 4 == 0)
            {
                CrashStore.Require(store.CutNow() == StoreStatus.Ok && store.CutNow() == StoreStatus.Ok, "a cut after recovery failed");
                CrashStore.Compare(store, world);
                CheckReport report = CrashStore.CheckClean(device, _seeded);
                CrashStore.Require(report.HiddenVolumes == 0, "what is left of a large commit stays");
                history.Names.Require(store);
            }
            return sequence;
        }
        finally
        {
            store.Abandon();
        }
    }
}
