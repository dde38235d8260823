using System;
using System.Globalization;
using System.Linq;
using System.Text;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.Persistence;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>Programs that the launcher runs: what it says, what it is told, and when.</summary>
public sealed unsafe class LauncherExecTests : GroupExecFixture
{
    private readonly TestLines _lines = new();
    private readonly LauncherExecTable _table;
    private readonly LauncherExecs _execs;
    private readonly LauncherExecCommands _commands;

    public LauncherExecTests()
    {
        _table = new LauncherExecTable(Machine.Session.Pages);
        _execs = new LauncherExecs(
            _table, Machine.Manager, Machine.Execs, Machine.Session.Group.Files.Transfers, Machine.Host, _lines);
        _commands = new LauncherExecCommands(_table, _execs, _lines);
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static string Shown(string line) => Encoding.UTF8.GetString(Convert.FromBase64String(line.Split(' ')[3]));

    // What is told for some commands, at once and by the next turn.
    private string[] Say(params string[] commands)
    {
        foreach (string command in commands)
            _commands.Obey(Encoding.UTF8.GetBytes(command));
        return Turn();
    }

    private string[] Turn(bool isEnding = false)
    {
        _execs.Pump(isEnding);
        return _lines.Take();
    }

    private string[] Order(int number, string group, string how = "wait", string directory = "")
    {
        string text = $"{group}\0{directory}\0/program\0one two\0X=y\0";
        Assert.Equal([$"@exec {number} go"], Say($"{number} run {how} {text.Length} 2 1"));
        string[] answers = Say($"{number} text {Base64(text[..7])}", $"{number} text {Base64(text[7..])}");
        Machine.WorkOff();
        return [.. answers, .. Turn()];
    }

    private Process* Begin(int number, string group)
    {
        Assert.Equal([$"@exec {number} room 4096"], Order(number, group));
        PidNamespace space = Machine.Processes.Table.Of(Machine.Find(group));
        Process* process = space.NextProcess(2);
        while (space.NextProcess(process->Id + 1) != null)
            process = space.NextProcess(process->Id + 1);
        Begin(process);
        return process;
    }

    [Theory]
    [InlineData("a")]
    [InlineData("host")]
    public void A_program_begins_with_its_strings_in_any_group_and_its_end_is_told_when_it_is_durable(string group)
    {
        Machine.Do(GroupVerb.Run, target: "a");
        Assert.Equal(["@exec 5 room 4096"], Order(5, group));
        Process* process = Machine.Processes.Table.Of(Machine.Find(group)).NextProcess(2);
        ProgramStrings program = Machine.Execs.ProgramOf(process);
        Assert.Equal(("/program\0one two\0X=y\0", 2, 1),
            (Encoding.UTF8.GetString(program.Text), program.ArgumentCount, program.EnvironmentCount));
        Begin(process);
        Machine.Processes.Life.EndProcess(process, WaitStatus.Killed(9));
        Assert.Empty(Turn());
        Machine.Settle();
        Assert.Equal(["@exec 5 ended 137"], Turn());
        Assert.Empty(Say("5 input AAAA", "5 show 9", "5 forget"));
        Assert.Equal(["@exec 5 refused nothing has that number"], Say("5 forget"));
    }

    [Fact]
    public void Output_is_told_as_far_as_it_is_durable_wanted_and_there_is_room()
    {
        Machine.Do(GroupVerb.Run, target: "a");
        Process* process = Begin(1, "a");
        Write(process, 1, new string('o', 1000));
        Write(process, 2, "err");
        Assert.Empty(Say("1 show 600"));
        Machine.Settle();
        _lines.Left = 1;
        Assert.Equal(480, Shown(Assert.Single(Turn())).Length);
        Assert.Empty(Turn());
        _lines.Left = 9;
        Assert.Equal(120, Shown(Assert.Single(Turn())).Length);
        string[] lines = Say("1 show 1000");
        Assert.Equal(new string('o', 400), Shown(lines[0]));
        Assert.Equal("@exec 1 err ZXJy", lines[1]);
        Assert.Equal(2, lines.Length);
    }

    [Fact]
    public void Input_arrives_as_far_as_there_is_room_and_ends()
    {
        Machine.Do(GroupVerb.Run, target: "a");
        Process* process = Begin(1, "a");
        Assert.Empty(Say($"1 input {Base64("given")}"));
        Assert.Equal("given", Read(process, 0));
        int sent = 5;
        string piece = new('x', 123);
        for (int room = 4096 - 5; room >= piece.Length; room -= piece.Length)
        {
            sent += piece.Length;
            room += Say($"1 input {Base64(piece)}").Sum(line => int.Parse(line.Split(' ')[3], CultureInfo.InvariantCulture));
        }
        Assert.InRange(sent, (int)Pipe.DefaultCapacity + 2048 - piece.Length, (int)Pipe.DefaultCapacity + 4096 + 5);
        Assert.Equal(["@exec 1 refused input wants base64, not more than there is room for"], Say($"1 input {Base64(piece)}"));
        Assert.Empty(Say("1 end-input"));
        Assert.True(PipeOf(process, 0)->HasWriter);
        Assert.Equal(["@exec 1 refused the input has ended"], Say("1 input AAAA"));
        while (PipeOf(process, 0)->Length > 0)
        {
            Read(process, 0);
            Turn();
        }
        Assert.False(PipeOf(process, 0)->HasWriter);
    }

    [Fact]
    public void Who_has_closed_the_input_ends_it_for_the_launcher()
    {
        Machine.Do(GroupVerb.Run, target: "a");
        Process* process = Begin(1, "a");
        Assert.Equal(Errno.Ok, Machine.Session.Group.Files.Descriptors.Close((DescriptorTable*)process->Descriptors, 0));
        Machine.Settle();
        Assert.Equal(["@exec 1 closed"], Say("1 input AAAA"));
        Assert.Empty(Say("1 input AAAA", "1 end-input"));
    }

    [Fact]
    public void A_detached_program_is_told_of_when_it_has_begun()
    {
        Machine.Do(GroupVerb.Run, target: "a");
        MakeConsole("a");
        Assert.Empty(Order(1, "a", "detached"));
        Machine.Execs.Begun(ProcessOf("a"));
        Turn();
        Machine.Settle();
        Assert.Equal(["@exec 1 began 2"], Turn());
    }

    [Fact]
    public void What_cannot_be_run_is_told_with_its_errno()
    {
        Machine.Do(GroupVerb.Run, target: "a");
        Assert.Equal(["@exec 1 failed 2"], Order(1, "b"));
        Assert.Equal(["@exec 2 failed 20"], Order(2, "a", directory: "/nowhere"));
        Assert.Equal(["@exec 3 failed 36"], Order(3, new string('x', 64)));
        Assert.Equal(["@exec 4 failed 36"], Order(4, "a", directory: new string('x', 256)));
        Assert.Equal(["@exec 5 failed 7"], Say("5 run wait 1048577 1 0"));
        Begin(6, "a");
        Machine.Execs.Fail(ProcessOf("a"), Errno.EACCES);
        Machine.Do(GroupVerb.Kill, "a");
        Turn();
        Machine.Settle();
        Assert.Equal(["@exec 6 unstarted 13"], Turn());
        Assert.Equal(["@exec 7 failed 3"], Order(7, "a"));
    }

    [Fact]
    public void When_the_group_goes_back_that_is_told()
    {
        Machine.Do(GroupVerb.Run, target: "a");
        Begin(1, "a");
        Machine.Settle();
        SlsStatistics statistics = default;
        Machine.Session.Engine.ReadStatistics(Machine.Find("a"), ref statistics);
        Assert.Equal(1, Machine.Do(GroupVerb.Rewind, "a", checkpoint: statistics.DurableEpoch.ToString()));
        Assert.Equal(["@exec 1 failed 125"], Turn());
    }

    [Fact]
    public void There_are_eight_places_and_those_that_are_forgotten_are_for_others()
    {
        Machine.Do(GroupVerb.Run, target: "a");
        Process*[] processes = new Process*[LauncherExecTable.Capacity];
        for (int i = 0; i < processes.Length; i++)
            processes[i] = Begin(i + 1, "a");
        Assert.Equal(["@exec 9 failed 23"], Say("9 run wait 10 1 0"));
        Assert.Equal(["@exec 8 refused the number is in use"], Say("8 run wait 10 1 0"));
        Assert.Empty(Say("8 forget"));
        AssertAlone(processes[7]);
        Assert.Equal(["@exec 9 go"], Say("9 run wait 10 1 0"));
        Assert.Empty(Say("9 forget", "1 forget"));
        Assert.Equal(["@exec 10 go"], Say("10 run wait 10 1 0"));
    }

    /// <summary>Who goes before his program is there leaves it alone, and the place is used again.</summary>
    [Fact]
    public void A_program_that_is_forgotten_while_it_is_made_begins_alone()
    {
        Machine.Do(GroupVerb.Run, target: "a");
        string text = "a\0\0/program\0";
        for (int i = 1; i <= LauncherExecTable.Capacity; i++)
        {
            Assert.Equal([$"@exec {i} go"], Say($"{i} run wait {text.Length} 1 0", $"{i} text {Base64(text)}"));
            Assert.Empty(Say($"{i} forget"));
        }
        Assert.Equal(["@exec 9 failed 23"], Say("9 run wait 10 1 0"));
        Machine.WorkOff();
        Turn();
        Assert.Equal(1 + LauncherExecTable.Capacity, Machine.Processes.Table.Of(Machine.Find("a")).ProcessCount);
        AssertAlone(ProcessOf("a"));
        Assert.Equal(["@exec 9 go"], Say("9 run wait 10 1 0"));
    }

    [Fact]
    public void Once_the_session_ends_nothing_begins_and_nothing_is_typed()
    {
        Machine.Do(GroupVerb.Run, target: "a");
        Process* process = Begin(1, "a");
        string text = "a\0\0/program\0";
        _commands.Obey(Encoding.UTF8.GetBytes($"2 run wait {text.Length} 1 0"));
        _commands.Obey(Encoding.UTF8.GetBytes($"2 text {Base64(text)}"));
        _commands.Obey(Encoding.UTF8.GetBytes("1 input AAAA"));
        Assert.Equal(["@exec 2 go"], Turn(isEnding: true));
        Machine.WorkOff();
        Assert.Equal((2, 0u), (Machine.Processes.Table.Of(Machine.Find("a")).ProcessCount, PipeOf(process, 0)->Length));
        Turn();
        Machine.WorkOff();
        Assert.Equal((3, 3u), (Machine.Processes.Table.Of(Machine.Find("a")).ProcessCount, PipeOf(process, 0)->Length));
    }

    [Theory]
    [InlineData("1 text AAAAA", "text wants as much base64 as has been announced")]
    [InlineData("1 text AAA=A===", "text wants as much base64 as has been announced")]
    [InlineData("1 text AB==", "text wants as much base64 as has been announced")]
    [InlineData("1 text A*AA", "text wants as much base64 as has been announced")]
    [InlineData("1 text ", "text wants as much base64 as has been announced")]
    [InlineData("1 text", "text wants as much base64 as has been announced")]
    [InlineData("1 text YQAAcAAA", "the strings are not as many as has been announced")]
    [InlineData("1 text YQAAAHBw", "the strings are not as many as has been announced")]
    [InlineData("1 text AAAAAAAAAAAA", "text wants as much base64 as has been announced")]
    [InlineData("1 input AAAA", "input wants base64, not more than there is room for")]
    [InlineData("1 show", "show wants BYTES")]
    [InlineData("1 show -1", "show wants BYTES")]
    [InlineData("1 show 18446744073709551615", "show wants BYTES")]
    [InlineData("1 show 1 2", "show wants BYTES")]
    [InlineData("1 forget it", "too many words")]
    [InlineData("1 jump", "there is no such command")]
    [InlineData("1", "there is no such command")]
    [InlineData("1 run wait 6 1 0", "the number is in use")]
    [InlineData("2 text AAAA", "nothing has that number")]
    [InlineData("2 input AAAA", "nothing has that number")]
    [InlineData("2 run", "run wants wait or detached, BYTES, ARGUMENTS and VARIABLES")]
    [InlineData("2 run later 6 1 0", "run wants wait or detached, BYTES, ARGUMENTS and VARIABLES")]
    [InlineData("2 run wait 0 1 0", "run wants wait or detached, BYTES, ARGUMENTS and VARIABLES")]
    [InlineData("2 run wait 6 0 1", "run wants wait or detached, BYTES, ARGUMENTS and VARIABLES")]
    [InlineData("2 run wait 6 1", "run wants wait or detached, BYTES, ARGUMENTS and VARIABLES")]
    [InlineData("2 run wait 6 1 0 0", "run wants wait or detached, BYTES, ARGUMENTS and VARIABLES")]
    [InlineData("2 run wait 2147483648 1 0", "run wants wait or detached, BYTES, ARGUMENTS and VARIABLES")]
    public void A_bad_command_is_refused_with_a_reason_and_changes_nothing(string command, string reason)
    {
        Machine.Do(GroupVerb.Run, target: "a");
        Assert.Equal(["@exec 1 go"], Say("1 run wait 6 1 0"));
        Assert.Equal([$"@exec {command[0]} refused {reason}"], Say(command));
        Assert.Empty(Say($"1 text {Base64("a\0\0")}", $"1 text {Base64("/p\0")}"));
        Machine.WorkOff();
        Assert.Equal(["@exec 1 room 4096"], Turn());
        Assert.Equal(["@exec 1 refused all strings are there"], Say("1 text AAAA"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("x run")]
    [InlineData("0 forget")]
    [InlineData("18446744073709551616 forget")]
    public void A_command_without_a_number_is_complained_about(string command)
        => Assert.Equal(["control: exec wants a number, and what is to be done"], Say(command));
}
