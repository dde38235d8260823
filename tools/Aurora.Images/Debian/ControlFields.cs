using System;
using System.Collections.Generic;
using System.Linq;

namespace Aurora.Images.Debian;

/// <summary>The fields of a control file, each with the lines that continue it; their order is kept.</summary>
public sealed class ControlFields
{
    private readonly List<(string Name, string Value)> _fields = [];

    /// <summary>The value of a field; empty when there is none.</summary>
    public string this[string name]
        => _fields.FirstOrDefault(field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value ?? "";

    /// <summary>Reads the first paragraph of a text.</summary>
    public static ControlFields Parse(string text)
    {
        var fields = new ControlFields();
        IEnumerable<string> lines = text.Split('\n').Select(line => line.TrimEnd());
        foreach (string line in lines.SkipWhile(line => line.Length == 0).TakeWhile(line => line.Length > 0))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (line[0] is ' ' or '\t' && fields._fields.Count > 0)
                fields._fields[^1] = (fields._fields[^1].Name, fields._fields[^1].Value + "\n" + line);
            else if (colon > 0 && line[0] != '#')
                fields._fields.Add((line[..colon], line[(colon + 1)..].Trim()));
        }
        return fields;
    }

    /// <summary>The packages that one of the fields names, each group of alternatives by itself, versions left away.</summary>
    public IEnumerable<IReadOnlyList<string>> Names(params string[] fields)
        => fields.Select(field => this[field]).Where(value => value.Length > 0).SelectMany(value => value.Split(','))
            .Select(group => (IReadOnlyList<string>)[.. group.Split('|').Select(NameIn).Where(name => name.Length > 0)]);

    /// <summary>The paragraph with other fields put behind the first one.</summary>
    public string With(params (string Name, string Value)[] further)
        => string.Concat(_fields.Take(1).Concat(further).Concat(_fields.Skip(1))
            .Select(field => $"{field.Name}:{(field.Value.StartsWith('\n') ? "" : " ")}{field.Value}\n"));

    // "name:any (>= 1.0) [amd64]"
    private static string NameIn(string text) => text.Trim().Split(' ', ':', '(', '[', '\n')[0];
}
