using System;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Bench;
using Aurora.Cli.Workspace;

namespace Aurora.Cli.Commands;

/// <summary><c>aurora bench</c>.</summary>
internal static class BenchCommand
{
    private const string Speed = "speed";
    private const string Host = "host";
    private const string KeyValue = "kv";
    private const int MostPairs = 100;

    private static readonly Argument<string?> _section = new("section")
    {
        Description = "speed (Aurora by itself: checkpoints, groups and starts), or one of these three; host (the store on this host "
            + "beside SQLite and LMDB); kv (durable puts of threads, beside LMDB on Linux). Beside Linux when it is not given.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<bool> _instructions = new("--instructions")
    {
        Description = "Count the instructions of kernel primitives on both, which are the same on any host, instead of measuring time.",
    };

    private static readonly Option<bool> _alone = new("--alone")
    {
        Description = "With --instructions: Aurora's only, against bench/instructions.json.",
    };

    private static readonly Option<bool> _record = new("--record")
    {
        Description = "With --instructions: write them to bench/instructions.json.",
    };

    private static readonly Option<string?> _filter = new("--filter") { Description = "Only measures whose name contains this text." };
    private static readonly Option<bool> _json = new("--json") { Description = "Write the result as JSON." };

    private static readonly Option<bool> _quick = new("--quick") { Description = "One pair, fewer samples, smaller programs." };
    private static readonly Option<int?> _pairs = new("--pairs") { Description = "How often both systems are measured (3)." };
    private static readonly Option<string?> _report = new("--report")
    {
        Description = "Write a page with the table and plots to this file.",
    };

    private static readonly Argument<string[]> _further = new("arguments")
    {
        Description = "With host, after --: BenchmarkDotNet's.", Arity = ArgumentArity.ZeroOrMore,
    };

    private static readonly Option<string> _disks = new("--disks")
    {
        Description = "A folder for the disk images; in host memory by default, where a flush costs the host nothing and "
            + "runs are comparable.",
        DefaultValueFactory = _ => Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(),
    };

    public static Command Create()
    {
        var command = new Command("bench", """
            Measure Aurora beside Debian's Linux (with its mitigations and without; downloaded on first use) on the same emulated
            machine, or Aurora by itself. docs/performance.md says what is measured and how the table is read.
            Exits 1 when a target is missed. Under TCG the figures are ratios, not claims about hardware.
            """);
        _section.AcceptOnlyFromAmong(Speed, Host, KeyValue, SpeedBench.Checkpoints, SpeedBench.Groups, SpeedBench.Starts);
        command.Arguments.Add(_section);
        command.Arguments.Add(_further);
        foreach (Option option in (Option[])[_filter, _quick, _pairs, _json, _report, _instructions, _alone, _record, _disks])
            command.Options.Add(option);
        command.Validators.Add(Validate);
        var machine = new MachineOptions();
        machine.AddTo(command);
        command.SetAction((parsed, cancellation) => RunAsync(parsed, machine, cancellation));
        return command;
    }

    // Each of the three kinds of benchmark has options of its own.
    private static void Validate(CommandResult result)
    {
        string? section = result.GetValue(_section);
        bool counts = result.GetValue(_instructions);
        if (section != null && counts)
            result.AddError("--instructions goes without a section");
        if (!counts && (result.GetValue(_alone) || result.GetValue(_record)))
            result.AddError("--alone and --record go with --instructions");
        if (result.GetValue(_alone) && result.GetValue(_record))
            result.AddError("--alone compares with the baseline that --record writes: one of them");
        if (result.GetValue(_json) && (result.GetValue(_alone) || result.GetValue(_record)))
            result.AddError("--json is for what is measured beside Linux: without --alone and --record");
        if (result.GetValue(_record) && result.GetValue(_filter) != null)
            result.AddError("a baseline has all measures: --record goes without --filter");
        if ((counts || section != null) && (result.GetValue(_quick) || result.GetValue(_report) != null || result.GetValue(_pairs) != null))
            result.AddError("--quick, --pairs and --report are for pairs of runs in time: without a section and --instructions");
        if (section != null && (result.GetValue(_filter) != null || result.GetValue(_json)))
            result.AddError("--filter and --json go without a section");
        if (section != Host && result.GetValue(_further) is { Length: > 0 })
            result.AddError("further arguments go with host");
        if (result.GetValue(_pairs) is < 1 or > MostPairs)
            result.AddError($"--pairs takes 1 to {MostPairs}");
    }

    private static async Task<int> RunAsync(ParseResult parsed, MachineOptions machine, CancellationToken cancellation)
    {
        if (parsed.GetValue(_section) == Host)
            return await HostSection.RunAsync(parsed.GetValue(_further)!, parsed.GetValue(_disks)!, cancellation);
        await Builder.EnsureKernelAsync(cancellation);
        string folder = Path.Combine(parsed.GetValue(_disks)!, $"aurora-bench-{Environment.ProcessId}");
        Directory.CreateDirectory(folder);
        try
        {
            var choices = new BenchChoices(
                machine.Configure(parsed), folder, parsed.GetValue(_filter), parsed.GetValue(_quick), parsed.GetValue(_pairs),
                parsed.GetValue(_json), parsed.GetValue(_report));
            return await RunAsync(parsed, choices, cancellation);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Task<int> RunAsync(ParseResult parsed, BenchChoices choices, CancellationToken cancellation)
    {
        if (parsed.GetValue(_instructions))
        {
            var section = new InstructionSection(choices);
            return parsed.GetValue(_record) ? section.RecordAsync(cancellation)
                : parsed.GetValue(_alone) ? section.CheckAsync(cancellation)
                : section.CompareAsync(cancellation);
        }
        string? named = parsed.GetValue(_section);
        if (named == KeyValue)
            return new KeyValueSection(choices).RunAsync(cancellation);
        return named == null
            ? new PairSection(choices).RunAsync(cancellation)
            : SpeedSection.RunAsync(choices, named == Speed ? null : named, cancellation);
    }
}
