using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>What the programs of a run should see: one word for each page of each address space, and the bytes of each file.</summary>
internal sealed class MixedModel
{
    public SortedDictionary<ulong, ulong[]> Spaces { get; } = [];
    public SortedDictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    public MixedModel Copy()
    {
        var copy = new MixedModel();
        foreach ((ulong id, ulong[] words) in Spaces)
            copy.Spaces[id] = [.. words];
        foreach ((string name, byte[] bytes) in Files)
            copy.Files[name] = [.. bytes];
        return copy;
    }
}

/// <summary>
/// Interprets numbers as operations on memory and files, steps of the checkpoint pipeline and power cuts, and holds the session against the
/// model. After a power cut the model is the one of the epoch that was restored, which must be no older than what was durable.
/// </summary>
internal sealed unsafe class MixedRun : IDisposable
{
    private const ulong Arena = 0x4000_0000;
    private const int ArenaPages = 40;
    private const int MaxFileBytes = 70_000;

    private readonly Dictionary<ulong, MixedModel> _captured = [];
    private TestSession _session = TestSession.Create();
    private MixedModel _model = new();
    private Random _random = new(0);
    private ulong _nextWord = 1;
    private int _nextFile;

    public void Dispose() => _session.Dispose();

    public void Run(int[] program)
    {
        foreach (int number in program)
        {
            _random = new Random(number);
            Step(_random.Next(100));
        }
        Compare();
        Capture();
        LosePower();
        Compare();
    }

    private void Step(int kind)
    {
        switch (kind)
        {
            case < 5: NewSpace(); break;
            case < 30: StoreWord(); break;
            case < 38: LoadWord(); break;
            case < 44: Fork(); break;
            case < 47: EndSpace(); break;
            case < 49: DropPages(); break;
            case < 53: NewFile(); break;
            case < 63: WriteFile(); break;
            case < 67: ResizeFile(); break;
            case < 70: RemoveFile(); break;
            case < 72: RenameFile(); break;
            case < 82: Capture(); break;
            case < 88: _session.Flush(); break;
            case < 93: _session.Commit(); break;
            case < 95: CaptureWithoutMemory(); break;
            case < 97: Compare(); break;
            default: LosePower(); break;
        }
    }

    private void NewSpace()
    {
        if (_model.Spaces.Count < 5)
            _model.Spaces[_session.NewSpace(Arena, ArenaPages)->Header.Id.Value] = new ulong[ArenaPages];
    }

    private void StoreWord()
    {
        if (!PickSpace(out AddressSpace* space, out ulong[] words))
            return;
        for (int count = _random.Next(1, 6); count > 0; count--)
        {
            int page = _random.Next(ArenaPages);
            _session.Store64(space, At(page), words[page] = _random.Next(8) == 0 ? 0 : _nextWord++);
        }
    }

    private void LoadWord()
    {
        int page = _random.Next(ArenaPages);
        if (PickSpace(out AddressSpace* space, out ulong[] words))
            Assert.Equal(words[page], _session.Load(space, At(page)));
    }

    private void Fork()
    {
        if (_model.Spaces.Count >= 5 || !PickSpace(out AddressSpace* space, out ulong[] words))
            return;
        Assert.Equal(MemoryStatus.Ok, _session.Memory.Spaces.Fork(space, out AddressSpace* child));
        _model.Spaces[child->Header.Id.Value] = [.. words];
    }

    private void EndSpace()
    {
        if (!PickSpace(out AddressSpace* space, out _))
            return;
        _model.Spaces.Remove(space->Header.Id.Value);
        _session.Memory.Spaces.Release(space);
    }

    private void DropPages()
    {
        if (!PickSpace(out AddressSpace* space, out ulong[] words))
            return;
        int first = _random.Next(ArenaPages);
        int count = _random.Next(1, ArenaPages - first + 1);
        _session.DropPages(space, Arena + ((ulong)first << 12), (ulong)count << 12);
        Array.Clear(words, first, count);
    }

    private void NewFile()
    {
        if (_model.Files.Count >= 5)
            return;
        string name = $"/f{_nextFile++}";
        byte[] bytes = Bytes(_random.Next(9_000));
        _session.MakeFile(name, bytes);
        _model.Files[name] = bytes;
    }

    private void WriteFile()
    {
        if (!PickFile(out string name))
            return;
        byte[] bytes = Bytes(_random.Next(1, 12_000));
        int position = _random.Next(MaxFileBytes - bytes.Length);
        _session.Write(name, (ulong)position, bytes);
        byte[] contents = _model.Files[name];
        Array.Resize(ref contents, Math.Max(contents.Length, position + bytes.Length));
        bytes.CopyTo(contents, position);
        _model.Files[name] = contents;
    }

    private void ResizeFile()
    {
        if (!PickFile(out string name))
            return;
        byte[] contents = _model.Files[name];
        int size = _random.Next(3) switch { 0 => 0, 1 => contents.Length / 2, _ => _random.Next(MaxFileBytes) };
        _session.Resize(name, (ulong)size);
        Array.Resize(ref contents, size);
        _model.Files[name] = contents;
    }

    private void RemoveFile()
    {
        if (!PickFile(out string name))
            return;
        _session.Remove(name);
        _model.Files.Remove(name);
    }

    // A second name, then without the first: the inode and its contents stay what they are.
    private void RenameFile()
    {
        if (!PickFile(out string name))
            return;
        string other = $"/r{_nextFile++}";
        Errno error = _session.Tree.MakeHardLink(System.Text.Encoding.UTF8.GetBytes(other), System.Text.Encoding.UTF8.GetBytes(name));
        Assert.Equal(Errno.Ok, error);
        _session.Remove(name);
        _model.Files[other] = _model.Files[name];
        _model.Files.Remove(name);
    }

    private void Capture()
    {
        Epoch epoch = _session.Capture();
        if (epoch == _session.Engine.LastCaptured)
            _captured[epoch.Value] = _model.Copy();
    }

    private void CaptureWithoutMemory()
    {
        Epoch before = _session.Engine.LastCaptured;
        _session.Pages.Remaining = _random.Next(2);
        Capture();
        _session.Pages.Remaining = null;
        if (_session.Engine.LastCaptured == before)
            _session.Clock.Advance(_session.Engine.PeriodNanoseconds);
    }

    private void LosePower()
    {
        if (_captured.Count == 0)
            return;
        if (_session.Engine.LastDurable.Value == 0)
        {
            _session.Flush();
            _session.Commit();
        }
        Epoch durable = _session.Engine.LastDurable;
        Epoch captured = _session.Engine.LastCaptured;
        _session = _session.Reboot();
        Epoch restored = _session.Engine.LastCaptured;
        Assert.True(restored >= durable && restored <= captured, "what was durable is lost");
        _model = _captured[restored.Value].Copy();
        foreach (ulong id in _model.Spaces.Keys)
            _session.Space(new ObjectId(id));
    }

    private void Compare()
    {
        foreach ((ulong id, ulong[] words) in _model.Spaces)
        {
            AddressSpace* space = (AddressSpace*)_session.Tracker.Find(new ObjectId(id), ObjectKind.AddressSpace);
            for (int page = 0; page < ArenaPages; page++)
                Assert.Equal(words[page], _session.Load(space, At(page)));
        }
        foreach ((string name, byte[] bytes) in _model.Files)
            Assert.True(bytes.AsSpan().SequenceEqual(_session.Contents(name)), name + " differs");
        Assert.Equal(_model.Files.Count, _session.Group.Names->EntryCount);
    }

    private bool PickSpace(out AddressSpace* space, out ulong[] words)
    {
        space = null;
        words = [];
        if (_model.Spaces.Count == 0)
            return false;
        ulong id = _model.Spaces.Keys.ElementAt(_random.Next(_model.Spaces.Count));
        words = _model.Spaces[id];
        space = (AddressSpace*)_session.Tracker.Find(new ObjectId(id), ObjectKind.AddressSpace);
        return true;
    }

    private bool PickFile(out string name)
    {
        name = _model.Files.Count == 0 ? "" : _model.Files.Keys.ElementAt(_random.Next(_model.Files.Count));
        return _model.Files.Count != 0;
    }

    private byte[] Bytes(int count)
    {
        byte[] bytes = new byte[count];
        _random.NextBytes(bytes);
        return bytes;
    }

    private static ulong At(int page) => Arena + ((ulong)page << 12) + (ulong)(page * 8);
}
