// What an image holds: its layers laid over each other, as names only. An entry `.wh.NAME` says that NAME of the layers below is gone,
// `.wh..wh..opq` that all that they have in the directory is; both speak of what is below only, wherever in their layer they stand. Other
// names that begin with `.wh..wh.` are the notes of a file system and mean nothing here. A name below a symbolic link is where that leads
// to, within the image: no name leads out of it. A whiteout does not go through a link that its own layer replaces: it goes through what
// comes there, if that is a link, and else stands where the layers below have nothing.
using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Images.Root;

namespace Aurora.Images.Oci;

/// <summary>Lays layers over each other.</summary>
internal sealed class LayerTree
{
    private const string Gone = ".wh.";
    private const string Note = ".wh..wh.";
    private const string AllGone = ".wh..wh..opq";
    private const int MostLinks = 40; // as in the guest

    private int _layers;

    public LayerNode Root { get; } = new(ImpliedDirectory(0));

    /// <summary>Lays a layer over those so far; <paramref name="place"/> names it in messages.</summary>
    public void Add(IReadOnlyList<RootEntry> entries, string place)
    {
        Dictionary<(LayerNode, string), RootEntry> replaced = ReplacedBy(entries, place);
        foreach (RootEntry entry in entries)
            Hide(entry.Path, replaced, place);
        for (int index = 0; index < entries.Count; index++)
        {
            if (!IsNote(entries[index]))
                Put(entries[index], index, place);
        }
        _layers++;
    }

    private static bool IsNote(RootEntry entry)
        => entry.Path.Split('/').Any(part => part.StartsWith(Gone, StringComparison.Ordinal));

    // The names of the layers below that a layer puts something at: what is no directory there does not stay.
    private Dictionary<(LayerNode, string), RootEntry> ReplacedBy(IReadOnlyList<RootEntry> entries, string place)
    {
        var replaced = new Dictionary<(LayerNode, string), RootEntry>();
        // Those above first: where a name is depends on them.
        foreach (RootEntry entry in entries.Where(entry => entry.Path != "/" && !IsNote(entry)).OrderBy(entry => entry.Path.Count('/')))
        {
            (string parent, string name) = Split(entry.Path);
            if (Walk(parent, makeMissing: false, place, replaced) is { } directory)
                replaced[(directory, name)] = entry;
        }
        return replaced;
    }

    private void Hide(string path, Dictionary<(LayerNode, string), RootEntry> replaced, string place)
    {
        (string parent, string name) = Split(path);
        if (parent.Split('/').FirstOrDefault(part => part.StartsWith(Gone, StringComparison.Ordinal)) is { } reserved)
        {
            if (!reserved.StartsWith(Note, StringComparison.Ordinal))
                throw new ImageException($"{place}: {path} is below a name that says that something is gone");
            return;
        }
        bool isNote = name.StartsWith(Note, StringComparison.Ordinal);
        if (!name.StartsWith(Gone, StringComparison.Ordinal) || (isNote && name != AllGone))
            return;
        LayerNode? directory = Walk(parent, makeMissing: false, place, replaced);
        string gone = name[Gone.Length..];
        if (isNote)
            directory?.Clear();
        else if (gone is "" or "." or "..")
            throw new ImageException($"{place}: {path} says of no name that it is gone");
        else
            directory?.Remove(gone);
    }

    private void Put(RootEntry entry, int index, string place)
    {
        var file = new LayerFile(entry, _layers, index);
        if (entry.Path == "/")
        {
            if (entry.Kind != RootEntryKind.Directory)
                throw new ImageException($"{place}: its root is no directory");
            Root.Describe(file);
            return;
        }
        (string parent, string name) = Split(entry.Path);
        LayerNode directory = Walk(parent, makeMissing: true, place)!;
        if (entry.Kind == RootEntryKind.HardLink)
            file = TargetOf(entry, place);
        directory.Put(name, file);
    }

    // The file that a hard link is a further name of: of this layer, or of one below.
    private LayerFile TargetOf(RootEntry entry, string place)
    {
        (string parent, string name) = Split(entry.Target);
        LayerNode? target = name.Length == 0 ? null : Walk(parent, makeMissing: false, place)?.Find(name);
        if (target == null || target.IsDirectory)
        {
            string what = target == null ? "not there" : "a directory";
            throw new ImageException($"{place}: {entry.Path} is a hard link to {entry.Target}, which is {what}");
        }
        return target.File;
    }

    // The directory at a path. Null when there is none and it is not to be made, or only through a link at a replaced name; what stands in
    // its way is put aside for a new one.
    private LayerNode? Walk(string path, bool makeMissing, string place, Dictionary<(LayerNode, string), RootEntry>? replaced = null)
    {
        var way = new Stack<LayerNode>([Root]);
        var left = new Stack<string>(Parts(path));
        for (int links = 0; left.TryPop(out string? part);)
        {
            if (part == "..")
            {
                if (way.Count > 1)
                    way.Pop();
                continue;
            }
            LayerNode? next = way.Peek().Find(part);
            if (next?.File.Entry is { Kind: RootEntryKind.SymbolicLink } link)
            {
                RootEntry? instead = null;
                if (replaced?.TryGetValue((way.Peek(), part), out instead) == true && instead.Kind != RootEntryKind.SymbolicLink)
                    return null;
                if (++links > MostLinks)
                    throw new ImageException($"{place}: {path} leads through links without end");
                Follow((instead ?? link).Target, way, left);
                continue;
            }
            if (next is not { IsDirectory: true })
            {
                if (!makeMissing)
                    return null;
                way.Peek().Put(part, ImpliedDirectory(_layers));
                next = way.Peek().Find(part)!;
            }
            way.Push(next);
        }
        return way.Peek();
    }

    private static void Follow(string target, Stack<LayerNode> way, Stack<string> left)
    {
        while (target.StartsWith('/') && way.Count > 1)
            way.Pop();
        foreach (string part in Parts(target))
            left.Push(part);
    }

    // In the order in which a stack gives them back.
    private static IEnumerable<string> Parts(string path) => path.Split('/').Where(part => part.Length > 0 && part != ".").Reverse();

    private static (string Parent, string Name) Split(string path)
    {
        int slash = path.LastIndexOf('/');
        return (path[..Math.Max(slash, 0)], path[(slash + 1)..]);
    }

    private static LayerFile ImpliedDirectory(int layer)
        => new(new RootEntry { Path = "/", Kind = RootEntryKind.Directory }, layer, -1);
}
