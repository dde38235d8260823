using System;
using System.CommandLine;
using System.CommandLine.Parsing;
using Aurora.Cli.Workspace;
using Aurora.Qemu;

namespace Aurora.Cli.Commands;

/// <summary>The options of every command that starts a machine.</summary>
internal sealed class MachineOptions
{
    /// <summary>Less than this no machine has.</summary>
    public const int MinimumMebibytes = 64;

    private const int DefaultMebibytes = 512;

    private readonly Option<int> _memory;
    private readonly Option<int> _cpus = new("--cpus") { Description = "Virtual processors. The kernel uses one so far.", DefaultValueFactory = _ => 1 };
    private readonly Option<int?> _period = new("--period") { Description = "Milliseconds between checkpoints (the kernel's default is 10)." };
    private readonly Option<bool> _noPersist = new("--no-persist") { Description = "Run without checkpoints." };
    private readonly Option<string> _acceleration = new("--accel") { Description = "auto, tcg or kvm.", DefaultValueFactory = _ => "auto" };
    private readonly Option<string> _machine = new("--machine") { Description = "QEMU's machine type.", DefaultValueFactory = _ => "q35" };
    private readonly Option<bool> _verbose = new("--verbose") { Description = "Show the kernel's log on standard error." };

    /// <summary>The options of a command whose programs need so much memory.</summary>
    public MachineOptions(int minimumMebibytes = MinimumMebibytes)
    {
        _memory = new Option<int>("--memory", "-m")
        {
            Description = "Memory of the machine, in MiB (or with a suffix: 512M, 2G).",
            DefaultValueFactory = _ => Math.Max(DefaultMebibytes, minimumMebibytes),
            CustomParser = result => ParseSize(result, 1 << 20, minimumMebibytes),
        };
        _acceleration.AcceptOnlyFromAmong("auto", "tcg", "kvm");
        _cpus.Validators.Add(result => Require(result, result.GetValueOrDefault<int>() is >= 1 and <= 64, "--cpus takes 1 to 64"));
        _period.Validators.Add(result => Require(result, result.GetValueOrDefault<int?>() is null or (>= 1 and <= 3_600_000), "--period takes 1 to 3600000 ms"));
    }

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_memory, _cpus, _period, _noPersist, _acceleration, _machine, _verbose])
            command.Options.Add(option);
    }

    public bool Verbose(ParseResult parsed) => parsed.GetValue(_verbose);

    /// <summary>The machine these options describe, without disk and program.</summary>
    public MachineConfiguration Configure(ParseResult parsed) => new()
    {
        Kernel = Repository.KernelImage,
        MemoryMebibytes = parsed.GetValue(_memory),
        Cpus = parsed.GetValue(_cpus),
        MachineType = parsed.GetValue(_machine)!,
        Acceleration = parsed.GetValue(_acceleration) switch
        {
            "tcg" => Acceleration.Tcg,
            "kvm" => Acceleration.Kvm,
            _ => Acceleration.Automatic,
        },
        Boot = new BootConfiguration { PeriodMilliseconds = parsed.GetValue(_period), Persist = !parsed.GetValue(_noPersist) },
    };

    /// <summary>Parses a size with an optional suffix K, M, G or T into a count of <paramref name="unit"/> bytes.</summary>
    internal static int ParseSize(ArgumentResult result, long unit, int minimum)
    {
        string text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        long? bytes = ByteSize.Parse(text, defaultUnit: unit);
        if (bytes is { } value && value / unit >= minimum && value / unit <= int.MaxValue)
            return (int)(value / unit);
        result.AddError($"'{text}' is not a size of at least {minimum} MiB");
        return 0;
    }

    private static void Require(SymbolResult result, bool condition, string message)
    {
        if (!condition)
            result.AddError(message);
    }
}
