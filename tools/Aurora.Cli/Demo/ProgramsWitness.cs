// Collects what the programs of the demo print across power cuts (guests/programs/together/client.js): "acknowledged NUMBER WORD" of each
// word that node, redis and PostgreSQL all have, and "state JSON", what each says of itself, before the first and after the last. The
// words are random, so work that was lost and made again cannot look like the work that was shown. The client says who it is before its
// first word ("client PID IDENTITY") and at its end ("remembered PID IDENTITY COUNT").
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using Aurora.Qemu;

namespace Aurora.Cli.Demo;

/// <summary>Collects the lines of several lives and finds what must not be.</summary>
internal sealed class ProgramsWitness
{
    private readonly ConsoleStream _stream = new();
    private readonly List<string> _faults = [];
    private readonly List<string> _words = [];
    private readonly List<IReadOnlyDictionary<string, ProgramState>> _states = [];

    /// <summary>Everything that must not have happened.</summary>
    public IReadOnlyList<string> Faults => [.. _stream.Faults, .. _faults];

    /// <summary>How many words were acknowledged.</summary>
    public int Acknowledged => _words.Count;

    /// <summary>What the programs said of themselves each time they were asked.</summary>
    public IReadOnlyList<IReadOnlyDictionary<string, ProgramState>> States => _states;

    /// <summary>The client's process and what it drew when it was started; null until it has said so.</summary>
    public (int Pid, string Identity)? ClientStart { get; private set; }

    /// <summary>The same at its end, and how many answers it remembers; null until it has ended.</summary>
    public (int Pid, string Identity, int Count)? ClientEnd { get; private set; }

    /// <summary>What <see cref="ProgramState.Digest"/> is of a program that has all acknowledged words.</summary>
    public string Digest
        => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(_words.Select(word => word + "\n")))));

    /// <summary>Takes in what one life showed.</summary>
    public void Observe(EventLog events, string console) => Observe(_stream.Add(events, console));

    /// <summary>Takes in whole lines.</summary>
    public void Observe(string lines)
    {
        foreach (string line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!TryTake(line.Split(' ')))
                _faults.Add($"{line}: {_words.Count} were acknowledged before");
        }
    }

    private bool TryTake(string[] words)
    {
        switch (words)
        {
            case ["acknowledged", var text, { Length: > 0 } word] when IsNumber(text, out int number) && number == _words.Count + 1:
                _words.Add(word);
                return true;
            case ["state", .. var json] when ProgramState.TryParse(string.Join(' ', json)) is { } states:
                _states.Add(states);
                return true;
            case ["client", var text, var identity] when IsNumber(text, out int pid) && ClientStart == null:
                ClientStart = (pid, identity);
                return true;
            case ["remembered", var text, var identity, var answers] when IsNumber(text, out int pid) && IsNumber(answers, out int count):
                ClientEnd = (pid, identity, count);
                return true;
            default:
                return words[0] == "starting";
        }
    }

    private static bool IsNumber(string text, out int number)
        => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
