using System.Collections.Generic;
using System.Linq;

namespace Aurora.Posix.Tests.Files;

/// <summary>A file of the model: a directory, or something with an identity and names.</summary>
internal sealed class ModelNode
{
    public bool IsDirectory { get; init; }
    public string? Target { get; init; }
    public int Identity { get; init; }
    public ModelNode? Parent { get; set; }
    public SortedDictionary<string, ModelNode> Entries { get; } = new(System.StringComparer.Ordinal);

    public bool IsWithin(ModelNode ancestor)
    {
        for (ModelNode? node = this; node != null; node = node.Parent)
            if (node == ancestor)
                return true;
        return false;
    }
}

/// <summary>What a directory tree does, as simply as it can be said. Paths are lists of names from the root; links are never followed.</summary>
internal sealed class TreeModel
{
    private int _nextIdentity = 1;

    public ModelNode Root { get; } = new() { IsDirectory = true };

    public ModelNode? Find(string[] path)
    {
        ModelNode? node = Root;
        foreach (string name in path)
            node = node is { IsDirectory: true } ? node.Entries.GetValueOrDefault(name) : null;
        return node;
    }

    public bool Make(string[] path, bool isDirectory, string? target)
    {
        ModelNode? directory = Find(path[..^1]);
        if (directory is not { IsDirectory: true } || directory.Entries.ContainsKey(path[^1]))
            return false;
        directory.Entries[path[^1]] = new ModelNode
        {
            IsDirectory = isDirectory, Target = target, Identity = _nextIdentity++, Parent = isDirectory ? directory : null,
        };
        return true;
    }

    public bool Link(string[] path, string[] existing)
    {
        ModelNode? target = Find(existing);
        ModelNode? directory = Find(path[..^1]);
        if (target is null or { IsDirectory: true } || directory is not { IsDirectory: true } || directory.Entries.ContainsKey(path[^1]))
            return false;
        directory.Entries[path[^1]] = target;
        return true;
    }

    public bool Remove(string[] path)
    {
        ModelNode? node = Find(path);
        if (node is null || node.Entries.Count > 0)
            return false;
        Find(path[..^1])!.Entries.Remove(path[^1]);
        return true;
    }

    public bool Rename(string[] from, string[] to)
    {
        ModelNode? moved = Find(from);
        ModelNode? directory = Find(to[..^1]);
        ModelNode? victim = Find(to);
        if (moved is null || directory is not { IsDirectory: true })
            return false;
        if (victim == moved)
            return true;
        if (moved.IsDirectory && directory.IsWithin(moved))
            return false;
        if (victim != null && (victim.IsDirectory != moved.IsDirectory || victim.Entries.Count > 0))
            return false;
        Find(from[..^1])!.Entries.Remove(from[^1]);
        directory.Entries[to[^1]] = moved;
        if (moved.IsDirectory)
            moved.Parent = directory;
        return true;
    }

    public bool Exchange(string[] first, string[] second)
    {
        ModelNode? one = Find(first);
        ModelNode? two = Find(second);
        if (one is null || two is null)
            return false;
        ModelNode oneDirectory = Find(first[..^1])!;
        ModelNode twoDirectory = Find(second[..^1])!;
        if (one != two && ((one.IsDirectory && twoDirectory.IsWithin(one)) || (two.IsDirectory && oneDirectory.IsWithin(two))))
            return false;
        oneDirectory.Entries[first[^1]] = two;
        twoDirectory.Entries[second[^1]] = one;
        if (two.IsDirectory)
            two.Parent = oneDirectory;
        if (one.IsDirectory)
            one.Parent = twoDirectory;
        return true;
    }

    /// <summary>Every path with what it is; the count of names makes hard links visible.</summary>
    public SortedDictionary<string, string> Describe()
    {
        var names = new Dictionary<ModelNode, int>();
        Count(Root, names);
        var lines = new SortedDictionary<string, string>(System.StringComparer.Ordinal);
        Describe(Root, "", names, lines);
        return lines;
    }

    private static void Count(ModelNode directory, Dictionary<ModelNode, int> names)
    {
        foreach (ModelNode node in directory.Entries.Values)
        {
            names[node] = names.GetValueOrDefault(node) + 1;
            Count(node, names);
        }
    }

    private static void Describe(ModelNode directory, string path, Dictionary<ModelNode, int> names, SortedDictionary<string, string> lines)
    {
        foreach ((string name, ModelNode node) in directory.Entries)
        {
            string full = path + "/" + name;
            lines[full] = node.IsDirectory ? $"directory {2 + node.Entries.Values.Count(n => n.IsDirectory)}"
                : node.Target is { } target ? $"link {target} {names[node]}" : $"file {names[node]}";
            if (node.IsDirectory)
                Describe(node, full, names, lines);
        }
    }
}
