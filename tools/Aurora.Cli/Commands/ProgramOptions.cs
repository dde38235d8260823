// How a program is run, in the words that container tools have for it.
using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.IO;
using System.Linq;
using Aurora.Cli.Workspace;

namespace Aurora.Cli.Commands;

/// <summary>Environment, directory, user and files of a program.</summary>
internal sealed class ProgramOptions
{
    private readonly Option<string[]> _variables = new("-e", "--env")
    {
        Description = "NAME=VALUE of its environment, or NAME for what the host's environment has; may be given several times.",
    };

    private readonly Option<string[]> _files = new("--env-file")
    {
        Description = "A file with such variables, one a line; # begins a comment line. May be given several times; -e wins.",
    };

    private readonly Option<string?> _directory = new("-w", "--workdir")
    {
        Description = "Where the program begins (default: the root directory); in a new image it is made when missing.",
    };

    private readonly Option<string?> _user = new("-u", "--user")
    {
        Description = "USER or USER:GROUP it runs as, names (of the image's /etc/passwd and /etc/group) or numbers (default: root).",
    };

    private readonly Option<string?> _entrypoint = new("--entrypoint")
    {
        Description = "The program, in place of the image's entrypoint and command; what is after -- are its arguments. "
            + "With an empty one only that is run.",
    };

    private readonly Option<string[]> _volumes = new("-v", "--volume")
    {
        Description = "HOST:GUEST: a file or folder of the host that is copied into a new image; changes stay there. "
            + "May be given several times.",
    };

    public ProgramOptions()
    {
        _variables.Validators.Add(result =>
        {
            foreach (Token token in result.Tokens.Where(token => token.Value.Length == 0 || token.Value[0] == '='))
                result.AddError($"-e wants NAME=VALUE or NAME, not '{token.Value}'");
        });
        _directory.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var path }] && !path.StartsWith('/'))
                result.AddError($"-w wants an absolute path, not '{path}'");
        });
        _volumes.Validators.Add(result =>
        {
            foreach (Token token in result.Tokens.Where(token => VolumeOf(token.Value) == null))
                result.AddError($"-v wants HOST:GUEST with an absolute path in the guest and nothing behind it, not '{token.Value}'");
        });
    }

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_variables, _files, _directory, _user, _entrypoint, _volumes])
            command.Options.Add(option);
    }

    /// <summary>True when a program is named beside the arguments.</summary>
    public bool NamesProgram(CommandResult result) => !string.IsNullOrEmpty(result.GetValue(_entrypoint));

    public ProgramChoice Get(ParseResult parsed, IReadOnlyList<string> arguments) => new(arguments)
    {
        Environment =
        [
            .. (parsed.GetValue(_files) ?? []).SelectMany(VariablesIn), .. (parsed.GetValue(_variables) ?? []).SelectMany(VariableOf),
        ],
        Entrypoint = parsed.GetValue(_entrypoint),
        WorkingDirectory = parsed.GetValue(_directory),
        User = parsed.GetValue(_user),
        Volumes = [.. (parsed.GetValue(_volumes) ?? []).Select(text => VolumeOf(text)!.Value)],
    };

    // A name alone stands for the host's variable, and for nothing when the host has none.
    private static IEnumerable<string> VariableOf(string text)
    {
        if (text.Contains('=', StringComparison.Ordinal))
            return [text];
        return Environment.GetEnvironmentVariable(text) is { } value ? [$"{text}={value}"] : [];
    }

    private static IEnumerable<string> VariablesIn(string file)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(file);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"--env-file {file}: {failure.Message}", failure);
        }
        foreach (string line in lines.Select(line => line.TrimStart()).Where(line => line.Length > 0 && line[0] != '#'))
        {
            if (line[0] == '=')
                throw new UserException($"--env-file {file}: '{line}' has no name");
            foreach (string variable in VariableOf(line))
                yield return variable;
        }
    }

    private static (string Host, string Guest)? VolumeOf(string text)
    {
        // A second path, or options such as :ro, would mean what nothing here can do.
        int colon = text.LastIndexOf(':');
        return colon > 0 && text[(colon + 1)..].StartsWith('/') && !text[..colon].Contains(":/", StringComparison.Ordinal)
            ? (text[..colon], text[(colon + 1)..]) : null;
    }
}
