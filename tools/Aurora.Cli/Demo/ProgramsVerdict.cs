// What the lives of the programs' machine prove. Nothing here runs anything: what was seen goes in, claims come out.
//
// The first life begins the session and every later one goes on with it, from a checkpoint that is no older than what had been reported
// durable; all but the last are killed, and the last ends by itself with status 0. Requests are acknowledged in the first, in the last and
// in most of those between. Each program is the one that was started in the first life, and has the words that were acknowledged: no
// less, no more, no others. The client knows who it is and how many answers it got.
using System.Collections.Generic;
using System.Linq;

namespace Aurora.Cli.Demo;

/// <summary>Judges what the programs said in lives of which so many are to be killed.</summary>
internal sealed class ProgramsVerdict(ProgramsWitness witness, IReadOnlyList<ProgramsLife> lives, int kills)
{
    private const int MostFaults = 5;

    /// <summary>Claims that have failed by now: nothing that follows can mend them.</summary>
    public IReadOnlyList<DemoClaim> Failures
        => [.. lives.SelectMany(FaultsOf).Concat(witness.Faults).Take(MostFaults).Select(fault => new DemoClaim(false, fault))];

    /// <summary>All claims, when the last life has ended: those that have failed, or else what is proved and what is not.</summary>
    public IReadOnlyList<DemoClaim> Claims => Failures is { Count: > 0 } failures ? failures : Conclusions;

    /// <summary>A program has every acknowledged word, once and in order, and no other.</summary>
    public bool HasAll(ProgramState state) => state.Count == witness.Acknowledged && state.Digest == witness.Digest;

    /// <summary>What a program says of itself is of one process, which has not been started again.</summary>
    public static bool IsSame(ProgramState then, ProgramState now)
        => (then.Pid, then.Identity) == (now.Pid, now.Identity) && now.UptimeSeconds >= then.UptimeSeconds;

    private IReadOnlyList<DemoClaim> Conclusions
    {
        get
        {
            if (witness.States is not [var first, var last])
                return [new DemoClaim(false, $"the programs said {witness.States.Count} times what they have, not before and after")];
            return [OfWork(), .. last.SelectMany(program => OfProgram(program.Key, first[program.Key], program.Value)), OfClient()];
        }
    }

    private IEnumerable<string> FaultsOf(ProgramsLife life)
    {
        ulong durable = lives.Where(before => before.Number < life.Number).Select(before => before.DurableEpoch).DefaultIfEmpty().Max();
        if (life.Failure != null)
            yield return $"life {life.Number}: {life.Failure}";
        if (life.Number > 1 && life.IsBegun)
            yield return $"life {life.Number} began a session anew: the one before it was lost";
        if (life.Number == 1 && life.ResumedEpoch != null)
            yield return $"life 1 {life.Start}, but the disk was new";
        if (life.ResumedEpoch is { } epoch && epoch < durable)
            yield return $"life {life.Number} {life.Start}, but {durable} had been reported durable";
        if (!life.IsKilled && life.Number <= kills)
            yield return $"life {life.Number}: {life.End} before the kill";
        else if (!life.IsKilled && life.Status != 0)
            yield return $"life {life.Number}: {life.End}";
    }

    // Lives between the first and the last are those between two kills.
    private DemoClaim OfWork()
    {
        ProgramsLife[] between = lives.Count > 2 ? [.. lives.Skip(1).SkipLast(1)] : [];
        int busy = between.Count(life => life.HasWorked);
        bool isProved = lives is [{ HasWorked: true }, .., { HasWorked: true, IsKilled: false }]
            && lives.Count == kills + 1 && lives.Count(life => life.IsKilled) == kills
            && (between.Length == 0 || busy * 2 > between.Length);
        string went = between.Length > 0 ? $", and between two kills in {busy} of {between.Length} lives" : "";
        return new DemoClaim(
            isProved,
            $"{witness.Acknowledged} requests were acknowledged in a machine that was killed {kills} times: before, after{went}");
    }

    private IEnumerable<DemoClaim> OfProgram(string name, ProgramState then, ProgramState now)
    {
        yield return new DemoClaim(HasAll(now), $"{name} says that it has each of them, with its word, once and in order");
        yield return new DemoClaim(
            IsSame(then, now),
            $"{name} is the process {now.Pid} that was started in the first life, and has been up for {now.UptimeSeconds} s");
    }

    private DemoClaim OfClient()
    {
        if (witness.ClientStart is not { } then || witness.ClientEnd is not { } now)
            return new DemoClaim(false, "the client did not say who it is and what it remembers");
        return new DemoClaim(
            then.Pid == now.Pid && then.Identity == now.Identity && now.Count == witness.Acknowledged,
            $"the client is the process {now.Pid} that was started in the first life, and remembers {now.Count} answers");
    }
}
