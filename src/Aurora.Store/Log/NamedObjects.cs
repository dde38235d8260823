// Which objects a commit has named, so that each is counted once in what the commit takes of a layer: one bit for each id from that of its
// first clone on. Those are the objects of a fork, by the thousand, each of which is named as a clone, with its pages and with its record.
// For ids out of the range, and without memory, the answer is no: then the count is only larger.
namespace Aurora.Store;

/// <summary>The objects that a commit names, as far as it makes clones.</summary>
internal unsafe struct NamedObjects
{
    private const int Pieces = 8;
    private const int WordsPerPiece = 256;
    private const ulong IdsPerPiece = WordsPerPiece * 64;

    private ulong _first;
    private fixed ulong _pieces[Pieces];

    /// <summary>Begins with the ids from this one on, unless it has begun.</summary>
    public void BeginAt(ulong id)
    {
        if (_first == 0)
            _first = id;
    }

    /// <summary>Whether the object is known to have been named; from now on it is, memory permitting.</summary>
    public bool Name(CommitPool pool, StoreCommit* commit, ulong id)
    {
        if (_first == 0 || id < _first || id - _first >= Pieces * IdsPerPiece)
            return false;
        ulong index = id - _first;
        int piece = (int)(index / IdsPerPiece);
        if (_pieces[piece] == 0)
            _pieces[piece] = (ulong)NewPiece(pool, commit);
        var words = (ulong*)_pieces[piece];
        if (words == null)
            return false;
        ulong* word = &words[index % IdsPerPiece / 64];
        ulong bit = 1UL << (int)(index % 64);
        bool wasNamed = (*word & bit) != 0;
        *word |= bit;
        return wasNamed;
    }

    private static ulong* NewPiece(CommitPool pool, StoreCommit* commit)
    {
        var words = (ulong*)pool.Allocate(commit, WordsPerPiece * sizeof(ulong));
        for (int i = 0; words != null && i < WordsPerPiece; i++)
            words[i] = 0;
        return words;
    }
}
