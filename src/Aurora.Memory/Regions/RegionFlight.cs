namespace Aurora.Memory;

/// <summary>What a persist has taken of one region: pages whose frames do not change until it has landed or was given back.</summary>
public unsafe struct RegionFlight
{
    public Region* Region;
    public ulong Pages;
    internal RegionChunk* First;
}

/// <summary>Goes over the pages of a flight.</summary>
public unsafe ref struct RegionCursor
{
    private RegionChunk* _chunk;
    private int _index;

    public RegionCursor(RegionFlight* flight)
    {
        _chunk = flight->First;
        _index = -1;
    }

    public readonly ulong Page => RegionChunk.At(_chunk, _index)->Page;

    public readonly Base.FrameNumber Frame => RegionChunk.At(_chunk, _index)->Frame;

    /// <summary>The next page; false at the end.</summary>
    public bool MoveNext()
    {
        _index++;
        while (_chunk != null && _index >= _chunk->Count)
        {
            _chunk = _chunk->Next;
            _index = 0;
        }
        return _chunk != null;
    }
}
