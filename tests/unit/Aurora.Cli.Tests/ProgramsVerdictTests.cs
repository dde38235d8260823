// The verdict of the demo of programs: the true picture is proved, and each false one is told.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Aurora.Cli.Demo;
using Xunit;

namespace Aurora.Cli.Tests;

public sealed class ProgramsVerdictTests
{
    private const int Kills = 4;
    private const int Words = 5;

    private readonly Dictionary<string, object> _then = new() { ["pid"] = 4, ["identity"] = "drawn", ["uptime"] = 1 };
    private readonly Dictionary<string, object> _redis = new()
    {
        ["pid"] = 4, ["identity"] = "drawn", ["uptime"] = 9, ["count"] = Words, ["digest"] = DigestOf("w1 w2 w3 w4 w5"),
    };

    // One word in each life.
    private readonly ProgramsLife[] _lives =
    [
        new(1, null, IsBegun: true, DurableEpoch: 7, Acknowledged: 1, IsKilled: true, null, null),
        new(2, 7, IsBegun: false, DurableEpoch: 9, Acknowledged: 1, IsKilled: true, null, null),
        new(3, 10, IsBegun: false, DurableEpoch: 11, Acknowledged: 1, IsKilled: true, null, null),
        new(4, 11, IsBegun: false, DurableEpoch: 12, Acknowledged: 1, IsKilled: true, null, null),
        new(5, 12, IsBegun: false, DurableEpoch: 14, Acknowledged: 1, IsKilled: false, 0, null),
    ];

    private string _client = "client 71 drawn\n";
    private string _remembered = "remembered 71 drawn 5\n";

    [Fact]
    public void What_came_through_is_proved()
        => Assert.All(Judge(), claim => Assert.True(claim.Holds, claim.Text));

    [Theory]
    [InlineData("pid", 5)]
    [InlineData("identity", "drawn anew")]
    [InlineData("uptime", 0)]
    [InlineData("count", 4)]
    [InlineData("count", 6)]
    [InlineData("digest", "00")]
    public void A_program_that_is_another_or_has_other_words_is_told(string what, object value)
    {
        _redis[what] = value;
        Assert.Contains("redis", Assert.Single(Failed()).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("w1 w2 w3 w4")]
    [InlineData("w1 w2 w3 w4 w5 w6")]
    [InlineData("w1 w2 w4 w3 w5")]
    [InlineData("w1 w2 w3 w4 w4")]
    public void Words_that_are_missing_too_many_or_in_another_order_are_told(string words)
    {
        _redis["count"] = words.Split(' ').Length;
        _redis["digest"] = DigestOf(words);
        Assert.Contains("redis", Assert.Single(Failed()).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("client 71 drawn\n", "remembered 71 drawn 4\n")]
    [InlineData("client 71 drawn\n", "remembered 72 drawn 5\n")]
    [InlineData("client 71 drawn\n", "remembered 71 another 5\n")]
    [InlineData("", "remembered 71 drawn 5\n")]
    [InlineData("client 71 drawn\n", "")]
    public void A_client_that_forgot_or_is_another_is_told(string client, string remembered)
    {
        (_client, _remembered) = (client, remembered);
        Assert.Contains("client", Assert.Single(Failed()).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_session_that_began_anew_is_told()
        => ExpectFailureOfLife(_lives[2] with { ResumedEpoch = null, IsBegun = true }, "began a session anew");

    [Fact]
    public void A_first_life_that_went_on_is_told()
        => ExpectFailureOfLife(_lives[0] with { ResumedEpoch = 3, IsBegun = false }, "the disk was new");

    [Theory]
    [InlineData(2, 6)]
    [InlineData(4, 8)]
    public void A_state_that_is_older_than_what_was_durable_is_told(int life, int epoch)
        => ExpectFailureOfLife(_lives[life - 1] with { ResumedEpoch = (ulong)epoch }, "had been reported durable");

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 0)]
    [InlineData(3, null)]
    public void An_end_before_the_kill_is_told(int life, int? status)
        => ExpectFailureOfLife(_lives[life - 1] with { IsKilled = false, Status = status }, "before the kill");

    [Theory]
    [InlineData(1)]
    [InlineData(null)]
    public void A_last_life_that_does_not_end_well_is_told(int? status)
        => ExpectFailureOfLife(_lives[4] with { Status = status }, "ended");

    [Fact]
    public void What_was_waited_for_in_vain_is_told()
        => ExpectFailureOfLife(_lives[3] with { Failure = "nothing within 180 s" }, "life 4: nothing within 180 s");

    [Theory]
    [InlineData("2", true)]
    [InlineData("2 3", false)]
    [InlineData("2 3 4", false)]
    [InlineData("1", false)]
    [InlineData("5", false)]
    public void Work_goes_on_in_most_lives_between_kills_and_before_and_after(string idle, bool isProved)
    {
        foreach (int life in idle.Split(' ').Select(int.Parse))
            _lives[life - 1] = _lives[life - 1] with { Acknowledged = 0 };
        Assert.Equal(isProved, Failed().Count == 0);
        Assert.Contains(Judge(), claim => claim.Text.Contains("between two kills in", StringComparison.Ordinal));
    }

    [Fact]
    public void What_was_done_before_a_kill_and_shown_after_it_is_no_work_of_that_life()
    {
        _lives[1] = _lives[1] with { DurableEpoch = 7 };
        Assert.Empty(Failed());
        _lives[2] = _lives[2] with { DurableEpoch = 0 };
        Assert.Single(Failed());
    }

    [Fact]
    public void Fewer_lives_than_kills_prove_nothing()
        => Assert.Single(Failed(_lives[..1].Append(_lives[4] with { Number = 5 })));

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Programs_that_were_not_asked_before_and_after_prove_nothing(int more)
    {
        ProgramsWitness witness = more == 0 ? new ProgramsWitness() : Observe();
        if (more > 0)
            witness.Observe(State());
        Assert.False(Assert.Single(new ProgramsVerdict(witness, _lives, Kills).Claims).Holds);
    }

    [Fact]
    public void What_a_program_calls_a_failure_is_all_that_is_told()
    {
        ProgramsWitness witness = Observe();
        witness.Observe("failed psql has ended\n");
        DemoClaim claim = Assert.Single(new ProgramsVerdict(witness, _lives, Kills).Claims);
        Assert.False(claim.Holds);
        Assert.Contains("psql has ended", claim.Text, StringComparison.Ordinal);
    }

    private void ExpectFailureOfLife(ProgramsLife life, string words)
    {
        _lives[life.Number - 1] = life;
        Assert.Contains(words, Assert.Single(Failed()).Text, StringComparison.Ordinal);
        Assert.Single(new ProgramsVerdict(Observe(), _lives, Kills).Failures);
    }

    private IReadOnlyList<DemoClaim> Judge() => new ProgramsVerdict(Observe(), _lives, Kills).Claims;

    private List<DemoClaim> Failed(IEnumerable<ProgramsLife>? lives = null)
        => [.. new ProgramsVerdict(Observe(), [.. lives ?? _lives], Kills).Claims.Where(claim => !claim.Holds)];

    private ProgramsWitness Observe()
    {
        var witness = new ProgramsWitness();
        string first = Json(_then.Concat([new("count", 0), new("digest", DigestOf(""))]));
        witness.Observe($"{_client}state {{\"node\":{first},\"redis\":{first},\"postgres\":{first}}}\n");
        witness.Observe(string.Concat(Enumerable.Range(1, Words).Select(number => $"acknowledged {number} w{number}\n")));
        witness.Observe(State() + _remembered);
        return witness;
    }

    private string State()
    {
        string good = Json(_then.Where(pair => pair.Key != "uptime")
            .Concat([new("uptime", 9), new("count", Words), new("digest", DigestOf("w1 w2 w3 w4 w5"))]));
        return $"state {{\"node\":{good},\"redis\":{Json(_redis)},\"postgres\":{good}}}\n";
    }

    private static string Json(IEnumerable<KeyValuePair<string, object>> fields)
        => JsonSerializer.Serialize(fields.ToDictionary());

    private static string DigestOf(string words)
    {
        string lines = string.Concat(words.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => word + "\n"));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(lines)));
    }
}
