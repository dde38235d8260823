using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Testing;
using Xunit;

namespace Aurora.Memory.Tests;

/// <summary>Interprets a list of numbers as operations on a machine and on the model, comparing as it goes.</summary>
internal sealed unsafe partial class ModelRun : IDisposable
{
    private const ulong Arena = 0x4000_0000;
    private const int ArenaPages = 96;
    private const ulong StackArena = 0x8000_0000;
    private const ulong StackDistance = 0x200_0000;
    private const int StackPages = 16;
    private const int MostPages = 500;
    private const Protection ReadWrite = Protection.Read | Protection.Write;

    private TestMachine _machine;
    private ModelState _state = new();
    private Random _random = new(0);
    private ulong _nextValue = 1;

    public ModelRun(SeededMemoryFaults seeded = SeededMemoryFaults.None, DroppedInvalidations dropped = DroppedInvalidations.None)
        => _machine = new TestMachine(seeded: seeded, dropped: dropped);

    /// <summary>How often one mapping was frozen by itself.</summary>
    public int FrozenAlone { get; private set; }

    public void Dispose() => _machine.Dispose();

    public void Run(int[] program)
    {
        foreach (int word in program)
        {
            _random = new Random(word);
            Step(_random.Next(140));
            _machine.AssertFramesShown();
        }
        End();
    }

    /// <summary>As above; after a third of it what there is goes on in a group of which nothing is captured.</summary>
    public void RunEphemeral(int[] program)
    {
        for (int i = 0; i < program.Length; i++)
        {
            _random = new Random(program[i]);
            if (i == program.Length / 3)
                CrashAndRestore(becomesEphemeral: true);
            Step(_random.Next(140));
            _machine.AssertFramesShown();
        }
        Assert.Equal(0, _machine.Memory.ChangeStructures);
        End();
    }

    /// <summary>Compares everything, releases it, and looks for what is left.</summary>
    public void End()
    {
        CompareAll(_machine, _state);
        ReleaseEverything();
        _machine.AssertNothingLeft();
    }

    private void Step(int kind)
    {
        switch (kind)
        {
            case < 4: NewSpace(); break;
            case < 6: NewFile(); break;
            case < 12: MapAnonymous(); break;
            case < 22: MapFile(); break;
            case < 25: Unmap(); break;
            case < 30: Protect(); break;
            case < 34: Fork(); break;
            case < 56: StoreWord(); break;
            case < 64: LoadWord(); break;
            case < 70: WriteFile(); break;
            case < 73: ResizeFile(); break;
            case < 75: DropPages(); break;
            case < 77: Remap(); break;
            case < 79: EndSpace(); break;
            case < 80: EndFile(); break;
            case < 88: Freeze(); break;
            case < 89: StoreAndFreezeRepeatedly(); break;
            case < 93: SubmitNext(); break;
            case < 95: ReleaseOldest(); break;
            case < 96: Merge(); break;
            case < 98: HoldPageIns(); break;
            case < 100: CrashAndRestore(); break;
            case < 108: Reclaim(); break;
            case < 111: MapStack(); break;
            case < 115: GrowStack(); break;
            case < 119: Remap(); break;
            case < 125: Mark(); break;
            case < 129: RemapKeeping(); break;
            case < 130: ForkManyMappings(); break;
            case < 136: FreezeAlone(); break;
            default: StoreAndFreezeAlone(); break;
        }
    }

    private static void CompareAll(TestMachine machine, ModelState state)
    {
        foreach ((ulong id, ModelSpace model) in state.Spaces)
        {
            AddressSpace* space = (AddressSpace*)machine.Tracker.Find(new ObjectId(id));
            Assert.Equal((ulong)model.Pages.Count, space->MappedPages);
            foreach ((ulong number, ModelPage page) in model.Pages)
                ComparePage(machine, space, number, page);
        }
        foreach ((ulong id, ModelFile model) in state.Files)
        {
            VmObject* file = (VmObject*)machine.Tracker.Find(new ObjectId(id));
            Assert.Equal(model.Size, file->SizePages);
            foreach (ulong page in model.Pages.Keys)
                CompareWords(machine.FileForRead(file, page).Address, model.Pages[page]);
        }
        machine.Memory.Verifier.VerifyAll();
    }

    private static void ComparePage(TestMachine machine, AddressSpace* space, ulong number, ModelPage page)
    {
        MemoryStatus status = machine.TryAccess(space, number << 12, FaultAccess.Read, out byte* pointer);
        Assert.Equal(Expected(page, write: false), status);
        if (status == MemoryStatus.Ok)
            CompareWords(pointer, page.Contents!);
    }

    private static void CompareWords(byte* page, Cell cell)
    {
        for (int word = 0; word < 4; word++)
            Assert.Equal(cell.Words[word], *(ulong*)(page + Cell.Offsets[word]));
    }

    private static MemoryStatus Expected(ModelPage page, bool write)
    {
        if (page.Protection == Protection.None || (write && (page.Protection & Protection.Write) == 0))
            return MemoryStatus.AccessDenied;
        return page.Contents == null ? MemoryStatus.BusError : MemoryStatus.Ok;
    }

    private void ReleaseEverything()
    {
        foreach (ulong id in _state.Spaces.Keys)
            _machine.Release((AddressSpace*)_machine.Tracker.Find(new ObjectId(id)));
        foreach (ulong id in _state.Files.Keys)
            _machine.Memory.Objects.Release((VmObject*)_machine.Tracker.Find(new ObjectId(id)));
    }

    private bool PickSpace(out AddressSpace* space, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ModelSpace? model)
    {
        space = null;
        model = null;
        if (_state.Spaces.Count == 0)
            return false;
        ulong id = _state.Spaces.Keys.Order().ElementAt(_random.Next(_state.Spaces.Count));
        model = _state.Spaces[id];
        space = (AddressSpace*)_machine.Tracker.Find(new ObjectId(id));
        return true;
    }

    private bool PickFile(out VmObject* file, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ModelFile? model)
    {
        file = null;
        model = null;
        if (_state.Files.Count == 0)
            return false;
        ulong id = _state.Files.Keys.Order().ElementAt(_random.Next(_state.Files.Count));
        model = _state.Files[id];
        file = (VmObject*)_machine.Tracker.Find(new ObjectId(id));
        return true;
    }

    private bool PickPage(out AddressSpace* space, out ulong number, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ModelPage? page)
    {
        number = 0;
        page = null;
        if (!PickSpace(out space, out ModelSpace? model) || model.Pages.Count == 0)
            return false;
        // Half of the accesses go to a few pages, so that operations meet.
        int among = _random.Next(2) == 0 ? Math.Min(4, model.Pages.Count) : model.Pages.Count;
        number = model.Pages.Keys.Order().ElementAt(_random.Next(among));
        page = model.Pages[number];
        return true;
    }

    private void PickRange(out ulong first, out ulong pages)
    {
        pages = (ulong)_random.Next(1, 24);
        first = (Arena >> 12) + (ulong)_random.Next(ArenaPages - 24);
        if (_random.Next(8) == 0)
            first = StackAt(_random.Next(3)) + (ulong)_random.Next(2 * StackPages) - StackPages;
    }

    private static ulong StackAt(int index) => (StackArena + ((ulong)index * StackDistance)) >> 12;

    private T Pick<T>(params T[] choices) => choices[_random.Next(choices.Length)];

    private static IEnumerable<ulong> Range(ulong first, ulong pages)
    {
        for (ulong page = first; page < first + pages; page++)
            yield return page;
    }

    private static VirtualAddress At(ulong page) => new(page << 12);
}
