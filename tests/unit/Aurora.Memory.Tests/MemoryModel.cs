using System.Collections.Generic;
using Aurora.Memory;

namespace Aurora.Memory.Tests;

/// <summary>What the test remembers of a page: the words at four offsets.</summary>
internal sealed class Cell
{
    public static readonly int[] Offsets = [0, 8, 2048, 4088];

    public ulong[] Words { get; private init; } = new ulong[4];

    public Cell Copy() => new() { Words = (ulong[])Words.Clone() };
}

/// <summary>A file or shared memory: pages by number; pages beyond Size do not exist.</summary>
internal sealed class ModelFile
{
    public ulong Size { get; set; }
    public Dictionary<ulong, Cell> Pages { get; } = [];

    public Cell? PageAt(ulong page, bool create = false)
    {
        if (page >= Size)
            return null;
        if (!Pages.TryGetValue(page, out Cell? cell))
        {
            cell = new Cell();
            if (create)
                Pages[page] = cell;
        }
        return cell;
    }

    public void Resize(ulong size)
    {
        foreach (ulong page in new List<ulong>(Pages.Keys))
        {
            if (page >= size)
                Pages.Remove(page);
        }
        Size = size;
    }
}

/// <summary>One mapped page: a page of a file, or a cell of its own, which is what was written to a private page of a file.</summary>
internal sealed class ModelPage
{
    public ModelFile? File { get; set; }
    public ulong FilePage { get; init; }
    public Cell? Own { get; set; }
    public bool IsShared { get; init; }
    public bool IsAnonymous { get; init; }
    public bool GrowsDown { get; init; }

    /// <summary>What a fork does with it.</summary>
    public MappingFlags Marks { get; set; }

    /// <summary>A store went to the private page since it was last given up.</summary>
    public bool IsWritten { get; set; }
    public Protection Protection { get; set; }

    /// <summary>Null behind the end of the file.</summary>
    public Cell? Contents => Own ?? File!.PageAt(FilePage);

    public Cell ForStore()
    {
        if (IsShared)
            return File!.PageAt(FilePage, create: true)!;
        IsWritten = true;
        return Own ??= File!.PageAt(FilePage)!.Copy();
    }

    /// <summary>What a new mapping would show.</summary>
    public void GiveUp()
    {
        if (IsShared)
            return;
        Own = File == null ? new Cell() : null;
        IsWritten = false;
    }

    /// <summary>The page so many pages behind this one, fresh.</summary>
    public ModelPage Following(ulong pages) => new()
    {
        File = File, FilePage = FilePage + pages, Own = File == null ? new Cell() : null, IsShared = IsShared, IsAnonymous = IsAnonymous,
        GrowsDown = GrowsDown, Marks = Marks, Protection = Protection,
    };

    public ModelPage Copy(ModelFile? file) => new()
    {
        File = file, FilePage = FilePage, Own = Own?.Copy(), IsShared = IsShared, IsAnonymous = IsAnonymous, GrowsDown = GrowsDown,
        IsWritten = IsWritten, Marks = Marks, Protection = Protection,
    };
}

/// <summary>An address space as a dictionary of pages.</summary>
internal sealed class ModelSpace
{
    public Dictionary<ulong, ModelPage> Pages { get; } = [];

    public ModelSpace Copy(Dictionary<ModelFile, ModelFile>? files)
    {
        var copy = new ModelSpace();
        foreach ((ulong number, ModelPage page) in Pages)
        {
            copy.Pages[number] = page.Copy(page.File == null || files == null ? page.File : files[page.File]);
        }
        return copy;
    }
}

/// <summary>Everything a checkpoint must bring back, keyed by object id.</summary>
internal sealed class ModelState
{
    public Dictionary<ulong, ModelSpace> Spaces { get; } = [];
    public Dictionary<ulong, ModelFile> Files { get; } = [];

    /// <summary>Shared anonymous memory: known only through mappings.</summary>
    public List<ModelFile> Unnamed { get; } = [];

    public ModelState Copy()
    {
        var copy = new ModelState();
        var twins = new Dictionary<ModelFile, ModelFile>();
        foreach ((ulong id, ModelFile file) in Files)
            copy.Files[id] = CopyFile(file, twins);
        foreach (ModelFile file in Unnamed)
            copy.Unnamed.Add(CopyFile(file, twins));
        foreach ((ulong id, ModelSpace space) in Spaces)
            copy.Spaces[id] = space.Copy(twins);
        return copy;
    }

    private static ModelFile CopyFile(ModelFile file, Dictionary<ModelFile, ModelFile> twins)
    {
        var copy = new ModelFile { Size = file.Size };
        foreach ((ulong page, Cell cell) in file.Pages)
            copy.Pages[page] = cell.Copy();
        twins[file] = copy;
        return copy;
    }
}
