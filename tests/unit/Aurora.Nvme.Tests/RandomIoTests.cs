using System;
using System.Collections.Generic;
using Aurora.Base;
using Aurora.Nvme.Tests.Model;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Xunit;

namespace Aurora.Nvme.Tests;

/// <summary>
/// Random programs of concurrent requests that do not overlap, against a model of the disk: what reads must return, and what a flush must
/// have made durable. The device completes in random order, fetches when it likes, and checks the protocol all the while. In half of the
/// programs commands hang and the controller meets fatal errors: nobody may notice, but for flushes that fail rather than promise too much.
/// </summary>
public sealed unsafe class RandomIoTests
{
    private const int Blocks = 64;

    public sealed record Step(BlockOperation Operation, int Start, int Count, bool WaitForAll);

    public sealed record Scenario(Step[] Steps, int Seed, int QueueEntries, int SectorShift, bool Cache, bool Polled, int Pairs, bool Troubles = false);

    public static class Arbitraries
    {
        public static Arbitrary<Scenario> Scenarios() => Arb.From(ScenarioGen(), Shrink);

        private static Gen<Scenario> ScenarioGen() =>
            from steps in StepGen().ArrayOf()
            from seed in Gen.Choose(0, int.MaxValue)
            from entries in Gen.Elements(2, 3, 4, 9, 128)
            from shift in Gen.Elements(9, 12)
            from cache in Gen.Elements(true, false)
            from polled in Gen.Elements(true, false)
            from pairs in Gen.Choose(1, 3)
            from troubles in Gen.Elements(true, false)
            select new Scenario(steps, seed, entries, shift, cache, polled, pairs, troubles);

        private static Gen<Step> StepGen() =>
            from operation in Gen.Frequency(
                (5, Gen.Constant(BlockOperation.Write)),
                (4, Gen.Constant(BlockOperation.Read)),
                (1, Gen.Constant(BlockOperation.Flush)),
                (1, Gen.Constant(BlockOperation.WriteZeroes)))
            from start in Gen.Choose(0, Blocks - 1)
            from count in Gen.Choose(1, 8)
            from wait in Gen.Frequency((1, Gen.Constant(true)), (7, Gen.Constant(false)))
            select new Step(operation, start, int.Min(count, Blocks - start), wait);

        private static IEnumerable<Scenario> Shrink(Scenario scenario)
        {
            for (int i = 0; i < scenario.Steps.Length; i++)
            {
                Step[] fewer = [.. scenario.Steps[..i], .. scenario.Steps[(i + 1)..]];
                yield return scenario with { Steps = fewer };
            }
        }
    }

    [Property(MaxTest = 250, EndSize = 150, Arbitrary = [typeof(Arbitraries)])]
    public void Concurrent_requests_do_what_the_model_says(Scenario scenario) => new Run(scenario).Execute();

    [Fact]
    public void A_long_run_over_small_queues_agrees_with_the_model()
    {
        var random = new Random(42);
        var steps = new Step[6000];
        for (int i = 0; i < steps.Length; i++)
        {
            int start = random.Next(Blocks);
            var operation = random.Next(3) == 0 ? BlockOperation.Read : BlockOperation.Write;
            steps[i] = new Step(operation, start, int.Min(random.Next(1, 4), Blocks - start), random.Next(200) == 0);
        }
        new Run(new Scenario(steps, 7, 5, 9, true, false, 2)).Execute();
    }

    private sealed class Run(Scenario scenario)
    {
        private readonly TestBench _bench = TestBench.Started(
            new ModelOptions
            {
                Seed = scenario.Seed,
                MaximumQueueEntries = scenario.QueueEntries,
                LogicalBlockShift = scenario.SectorShift,
                LogicalBlocks = (ulong)Blocks << 12 - scenario.SectorShift,
                HasWriteCache = scenario.Cache,
            },
            new NvmeOptions
            {
                QueuePairs = scenario.Pairs,
                CommandTimeoutNanoseconds = 2_000_000,
                AbortTimeoutNanoseconds = 1_000_000,
                AdminTimeoutNanoseconds = 3_000_000,
                HealthCheckNanoseconds = 200_000,
                ResetWindowNanoseconds = 0,
            },
            scenario.Polled ? 0 : 4);

        /// <summary>What each block holds once everything in flight has completed: a pattern's tag, or zeroes when not positive.</summary>
        private readonly int[] _tags = new int[Blocks];
        private readonly int[] _completedTags = new int[Blocks];
        private readonly List<(nint Request, int Tag, int[]? Durable)> _inFlight = [];
        private readonly Random _luck = new(scenario.Seed);
        private int _nextTag = 1;

        public void Execute()
        {
            foreach (Step step in scenario.Steps)
            {
                if (scenario.Troubles)
                    MakeTrouble();
                Start(step);
                if (step.WaitForAll)
                    FinishAll();
            }
            FinishAll();
            Recover();
            for (int block = 0; block < Blocks; block++)
                Assert.Equal(Expected(_tags[block], block), _bench.Block((ulong)block));
            Assert.True(_bench.Driver.IsIdle);
            Assert.Equal(0ul, _bench.Driver.Statistics.BadCompletions);
            Assert.True(_bench.Driver.Shutdown());
            _bench.Driver.Release();
            Assert.Equal(0, _bench.Memory.PagesOutstanding);
        }

        private void MakeTrouble()
        {
            switch (_luck.Next(20))
            {
                case 0:
                    _bench.Device.Die();
                    break;
                case 1:
                    int hanging = _luck.Next(1, 4);
                    _bench.Device.Options = _bench.Device.Options with { AbortsWork = _luck.Next(2) == 0 };
                    _bench.Device.Hangs = command => command.NamespaceId == 1 && hanging-- > 0;
                    break;
            }
        }

        private void Recover()
        {
            _bench.Device.Unhang();
            _bench.Clock.Now += 2_000_000_000;
            do
                _bench.Host.MainLoopTurn();
            while (_bench.Driver.State == NvmeState.Resetting);
        }

        private void Start(Step step)
        {
            bool isFlush = step.Operation == BlockOperation.Flush;
            if (!isFlush)
                FinishOverlapping(step);
            BlockRequest* request = isFlush
                ? _bench.Request(BlockOperation.Flush)
                : _bench.Request(step.Operation, (ulong)step.Start, step.Count);
            int tag = step.Operation == BlockOperation.Write ? _nextTag++ : -_nextTag++;
            if (step.Operation == BlockOperation.Write)
                TestBench.Fill(request, tag);
            if (step.Operation is BlockOperation.Write or BlockOperation.WriteZeroes)
                Array.Fill(_tags, tag, step.Start, step.Count);
            _bench.Host.Processor = _nextTag % scenario.Pairs;
            _bench.Driver.Submit(request);
            _inFlight.Add(((nint)request, tag, isFlush ? (int[])_completedTags.Clone() : null));
        }

        private void FinishOverlapping(Step step)
        {
            for (int i = _inFlight.Count - 1; i >= 0; i--)
            {
                var request = (BlockRequest*)_inFlight[i].Request;
                int start = (int)request->Start.Value;
                if (request->Operation != BlockOperation.Flush && start < step.Start + step.Count && step.Start < start + request->BlockCount)
                    Finish(i);
            }
        }

        private void FinishAll()
        {
            while (_inFlight.Count > 0)
                Finish(_inFlight.Count - 1);
        }

        private void Finish(int index)
        {
            (nint pointer, int tag, int[]? durable) = _inFlight[index];
            _inFlight.RemoveAt(index);
            var request = (BlockRequest*)pointer;
            BlockStatus status = _bench.Driver.Wait(request);
            if (scenario.Troubles && scenario.Cache && request->Operation == BlockOperation.Flush && status == BlockStatus.MediaError)
            {
                _bench.Free(request);
                return;
            }
            Assert.Equal(BlockStatus.Ok, status);
            int start = (int)request->Start.Value;
            switch (request->Operation)
            {
                case BlockOperation.Read:
                    for (int i = 0; i < request->BlockCount; i++)
                        Assert.Equal(Expected(_tags[start + i], start + i), new ReadOnlySpan<byte>(request->Pages[i], 4096).ToArray());
                    break;
                case BlockOperation.Flush:
                    CheckDurable(durable!);
                    break;
                default:
                    Array.Fill(_completedTags, tag, start, request->BlockCount);
                    break;
            }
            _bench.Free(request);
        }

        /// <summary>A block whose write had completed before the flush was submitted, and was not written since, is durable.</summary>
        private void CheckDurable(int[] completedBefore)
        {
            for (int block = 0; block < Blocks; block++)
            {
                if (completedBefore[block] == _tags[block])
                    Assert.Equal(Expected(_tags[block], block), _bench.Block((ulong)block, durable: true));
            }
        }

        private static byte[] Expected(int tag, int block) => tag <= 0 ? new byte[4096] : TestBench.Pattern(tag, (ulong)block);
    }
}
