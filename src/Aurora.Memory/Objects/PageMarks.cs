namespace Aurora.Memory;

/// <summary>A set of pages of one leaf, by their index in it.</summary>
internal unsafe struct PageMarks
{
    private const int Bits = 64;

    private fixed ulong _words[RadixTree.FanOut / Bits];

    public void Mark(int index) => _words[index / Bits] |= 1UL << (index % Bits);

    public readonly bool Has(int index) => (_words[index / Bits] & (1UL << (index % Bits))) != 0;

    public readonly bool IsEmpty
    {
        get
        {
            ulong any = 0;
            for (int word = 0; word < RadixTree.FanOut / Bits; word++)
                any |= _words[word];
            return any == 0;
        }
    }
}
