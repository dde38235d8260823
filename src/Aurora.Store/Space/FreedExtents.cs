// The blocks a cut frees, as runs, until they may be reused and the device can be told. A bounded list: what does not fit is not told,
// which costs only space on the host's side.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Consecutive blocks.</summary>
internal struct FreedExtent
{
    public ulong Start;
    public ulong Count;
}

/// <summary>Runs of freed blocks of the last two cuts.</summary>
internal sealed unsafe class FreedExtents
{
    private const int PagesPerList = 4;
    private const int Capacity = PagesPerList * PageSize.Bytes / 16;

    private FreedExtent* _current;
    private FreedExtent* _previous;
    private int _currentCount;

    /// <summary>Pages for the constructor.</summary>
    public const int MemoryPages = 2 * PagesPerList;

    public FreedExtents(byte* memory)
    {
        _current = (FreedExtent*)memory;
        _previous = _current + Capacity;
    }

    /// <summary>The runs of the cut before the one being made; reusable when that one is durable.</summary>
    public int PreviousCount { get; private set; }

    public FreedExtent PreviousAt(int index) => _previous[index];

    public void Add(ulong block)
    {
        if (_currentCount > 0)
        {
            FreedExtent* last = &_current[_currentCount - 1];
            if (last->Start + last->Count == block)
            {
                last->Count++;
                return;
            }
            if (last->Start == block + 1)
            {
                last->Start--;
                last->Count++;
                return;
            }
        }
        if (_currentCount < Capacity)
            _current[_currentCount++] = new FreedExtent { Start = block, Count = 1 };
    }

    /// <summary>A cut is durable: its runs wait for the next one.</summary>
    public void Turn()
    {
        FreedExtent* list = _previous;
        _previous = _current;
        PreviousCount = _currentCount;
        _current = list;
        _currentCount = 0;
    }
}
