using System;
using System.Collections.Generic;
using System.Formats.Tar;
using System.Linq;

namespace Aurora.Images.Tests.Oci;

/// <summary>Layers over each other as a table of names, each with the file it stands for; it makes layers up as well.</summary>
internal sealed class LayerModel
{
    private static readonly string[] _names = ["a", "b", "c"];

    // Null stands for a directory.
    private readonly Dictionary<string, object?> _files = new(StringComparer.Ordinal);
    private int _made;

    public IReadOnlyList<TarEntry> AddRandomLayer(Random random)
    {
        string[] below = [.. _files.Keys];
        var entries = new List<TarEntry>();
        var hidden = new HashSet<string>(StringComparer.Ordinal);
        for (int count = random.Next(4); count > 0; count--)
        {
            string path = RandomPath(random);
            bool isOpaque = random.Next(3) == 0 && _files.TryGetValue(path, out object? file) && file == null;
            // Below something that is no directory nothing can be hidden.
            if (!isOpaque && !IsDirectory(ParentOf(path)))
                continue;
            string whiteout = isOpaque ? $"{path}/.wh..wh..opq" : $"{ParentOf(path)}/.wh.{path[(path.LastIndexOf('/') + 1)..]}";
            entries.Add(SavedImage.Plain(whiteout.TrimStart('/'), ""));
            hidden.UnionWith(below.Where(name => IsBelow(name, path) || (!isOpaque && name == path)));
        }
        foreach (string name in hidden)
            _files.Remove(name);
        for (int count = random.Next(1, 10); count > 0; count--)
            AddEntry(random, entries);
        // Where a whiteout stands in its layer says nothing; names do.
        TarEntry[] whiteouts = [.. entries.Where(entry => entry.Name.Contains(".wh.", StringComparison.Ordinal))];
        entries.RemoveAll(whiteouts.Contains);
        foreach (TarEntry whiteout in whiteouts)
            entries.Insert(random.Next(entries.Count + 1), whiteout);
        return entries;
    }

    public IReadOnlyList<string> Show()
    {
        var first = new Dictionary<object, string>();
        var lines = new List<string>();
        foreach ((string path, object? file) in _files.OrderBy(pair => pair.Key, new ByPart()))
        {
            if (file == null)
                lines.Add($"/{path} directory");
            else
                lines.Add(first.TryAdd(file, path) ? $"/{path} {file}" : $"/{path} = /{first[file]}");
        }
        return [.. lines.Order(StringComparer.Ordinal)];
    }

    private void AddEntry(Random random, List<TarEntry> entries)
    {
        string path = RandomPath(random);
        string[] targets = [.. _files.Where(pair => pair.Value != null).Select(pair => pair.Key)
            .Where(name => name != path && !IsBelow(name, path) && !IsBelow(path, name))];
        int kind = random.Next(4);
        if (kind == 0 && targets.Length > 0)
        {
            string target = targets[random.Next(targets.Length)];
            entries.Add(SavedImage.HardLink(path, target));
            Put(path, _files[target]!);
        }
        else if (kind == 1)
        {
            entries.Add(SavedImage.Directory(path));
            Put(path, null);
        }
        else
        {
            string text = $"{++_made}";
            entries.Add(SavedImage.Plain(path, text));
            Put(path, text);
        }
    }

    private void Put(string path, object? file)
    {
        for (string parent = ParentOf(path); parent.Length > 0; parent = ParentOf(parent))
        {
            if (!IsDirectory(parent))
                _files[parent] = null;
        }
        if (file != null || !IsDirectory(path))
        {
            foreach (string name in _files.Keys.Where(name => IsBelow(name, path)).ToArray())
                _files.Remove(name);
        }
        _files[path] = file;
    }

    private bool IsDirectory(string path) => path.Length == 0 || (_files.TryGetValue(path, out object? file) && file == null);

    private static bool IsBelow(string name, string path) => name.StartsWith(path + "/", StringComparison.Ordinal);

    private static string ParentOf(string path) => path[..Math.Max(0, path.LastIndexOf('/'))];

    private static string RandomPath(Random random)
        => string.Join('/', Enumerable.Range(0, random.Next(1, 4)).Select(_ => _names[random.Next(_names.Length)]));

    // As a tree is walked: by the names on the way.
    private sealed class ByPart : IComparer<string>
    {
        public int Compare(string? left, string? right)
            => string.CompareOrdinal(left!.Replace('/', '\u0001'), right!.Replace('/', '\u0001'));
    }
}
