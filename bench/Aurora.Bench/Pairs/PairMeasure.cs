// The measures that both systems have, by the lines of the guest programs (bench/guest) they are made from. Everything is a time, so that
// less is always better: a rate becomes the time of one.
using System;
using System.Collections.Generic;
using System.Linq;

namespace Aurora.Bench.Pairs;

/// <summary>A measure of the table.</summary>
/// <param name="Part">With what it is measured.</param>
/// <param name="Name">The name by which it is chosen.</param>
/// <param name="Words">What is done.</param>
/// <param name="Aurora">The figure on Aurora.</param>
/// <param name="Peer">The figure on the peer.</param>
/// <param name="Target">What Aurora may cost at most, as a multiple of the peer; null for no target.</param>
public sealed record PairMeasure(PairPart Part, string Name, string Words, FigureKey Aurora, FigureKey Peer, double? Target)
{
    /// <summary>What the device takes by itself: a run of so many pages written and flushed by Aurora's driver, below everything.</summary>
    public const string Device = "write_flush";

    private const string Rate = "rounds_per_s";

    // An in-kernel tracker of changes stops programs far more shortly than one from outside.
    private const double StopTarget = 0.01;

    // Who brings memory in as it is touched need not read what is large before the program runs.
    private const double AnswerTarget = 0.02;
    private const long LargeMebibytes = 64;

    // The speed that a program keeps that changes 64 pages in every period: 90 %.
    private const double PaceTarget = 1 / 0.9;

    // What a persist may take beside the device, and beside pwrite and fsync: of one page, and of more.
    private const double DeviceTarget = 1.3;
    private const double OnePersistTarget = 1.0 / 3;
    private const double PersistTarget = 0.1;
    private const long UsualPeriodMicroseconds = 10_000;

    /// <summary>The sizes of dumped programs, in mebibytes.</summary>
    public static IReadOnlyList<long> Sizes { get; } = [1, 16, 64, 256];

    /// <summary>The numbers of pages that are persisted.</summary>
    public static IReadOnlyList<long> Persisted { get; } = [1, 16, 64, 256, 1024];

    /// <summary>All there are, in the order in which they are shown.</summary>
    public static IReadOnlyList<PairMeasure> All { get; } =
    [
        Both(PairPart.Files, "fsync_overwrite", "a page of a file overwritten and durable", "fsync_overwrite", 1, "p50", 1),
        Both(PairPart.Files, "fsync_append", "a page appended and durable", "fsync_append", 1, "p50", 1),
        .. ((long[])[1, 16, 64, 256]).Select(pages => Both(
            PairPart.Files, $"msync_{pages}", $"pages of a shared mapping made durable: {pages}", "msync", pages, "p50", 1)),
        .. Persisted.Select(pages => Both(
            PairPart.Persists, $"persist_{pages}", $"random pages persisted, beside pwrite and fsync: {pages}", "persist", pages, "p50",
            pages == 1 ? OnePersistTarget : PersistTarget)),
        .. Persisted.Select(pages => Both(
            PairPart.Persists, $"persist_stored_{pages}", $"the same with the stores before it: {pages}", "persist_stored", pages, "p50",
            null)),
        .. Persisted.Select(pages => new PairMeasure(
            PairPart.Persists, $"persist_device_{pages}", $"pages persisted, beside a raw write and FLUSH of as many: {pages}",
            new FigureKey("persist", pages, "p50"), new FigureKey(Device, pages, "p50"), DeviceTarget)),
        Both(PairPart.Sqlite, "sqlite_wal", "a transaction of SQLite, full sync, WAL", "sqlite_wal", 1, "each", 1),
        Both(PairPart.Sqlite, "sqlite_delete", "the same, journal DELETE", "sqlite_delete", 1, "each", 1),
        new(
            PairPart.Pace, "pace", "a round that changes 64 pages; checkpoints of 10 ms beside none",
            new FigureKey("pace", UsualPeriodMicroseconds, Rate), new FigureKey("pace", 0, Rate), PaceTarget),
        .. Dumps("dump_full", "stop", "stopped for a dump of all", _ => StopTarget),
        .. Dumps("dump_full", "durable", "until that is durable", _ => 1),
        .. Dumps("dump_changed", "stop", "stopped for a dump of 1 MiB that changed", _ => StopTarget),
        .. Dumps("dump_changed", "durable", "until that is durable", _ => 1),
        .. Dumps("restore", "answers", "restored until it answers", size => size >= LargeMebibytes ? AnswerTarget : 1),
        .. Dumps("restore", "read", "restored until it has read all its memory", _ => 1),
    ];

    /// <summary>Those whose name contains a text; all for null.</summary>
    public static IReadOnlyList<PairMeasure> Matching(string? filter)
        => [.. All.Where(measure => filter == null || measure.Name.Contains(filter, StringComparison.Ordinal))];

    /// <summary>What stands in the peer's place is the device by itself.</summary>
    public bool IsBesideDevice => Peer.Measure == Device;

    /// <summary>False for what a quick run leaves out: the largest programs.</summary>
    public bool IsQuick => Part != PairPart.Dumps || Aurora.Parameter != Sizes[^1];

    /// <summary>The row of the table; null when the pairs do not have it.</summary>
    public Comparison? Compare(IReadOnlyList<PairRun> runs)
    {
        PairRun[] taken = [.. runs.Where(run => run.Aurora.Find(Aurora) != null)];
        return taken.Length == 0 ? null : new Comparison
        {
            Measure = Name,
            Words = Words,
            Unit = Unit.Nanoseconds,
            Aurora = [.. taken.Select(run => Time(run.Aurora, Aurora))],
            Peer = [.. taken.Select(run => Time(Beside(run, run.Peer), Peer))],
            Bare = [.. taken.Select(run => Time(Beside(run, run.Bare), Peer))],
            Target = Target,
        };
    }

    private GuestReport Beside(PairRun run, GuestReport peer)
        => !IsBesideDevice ? peer : run.Device ?? throw new BenchException($"{Name}: the device was not measured by itself");

    private static double Time(GuestReport report, FigureKey key)
    {
        double value = report.Value(key.Measure, key.Parameter, key.Metric);
        return key.Metric == Rate ? 1e9 / value : value;
    }

    private static PairMeasure Both(PairPart part, string name, string words, string measure, long parameter, string metric, double? target)
        => new(part, name, words, new FigureKey(measure, parameter, metric), new FigureKey(measure, parameter, metric), target);

    private static IEnumerable<PairMeasure> Dumps(string measure, string metric, string words, Func<long, double> target)
        => Sizes.Select(size => Both(
            PairPart.Dumps, $"{measure}_{metric}_{size}", $"a program with {size} MiB: {words}", measure, size, metric, target(size)));
}

/// <summary>
/// What was measured one after the other: Aurora, the peer, the peer without mitigations, and the device by itself where that is wanted.
/// </summary>
public sealed record PairRun(GuestReport Aurora, GuestReport Peer, GuestReport Bare, GuestReport? Device = null);
