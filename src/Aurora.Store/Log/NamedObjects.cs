// Which objects a commit has named since its first clone, so that each is counted once in what the commit takes of a layer. Those of a fork
// come by the thousand, with ids that follow each other, and each is named as a clone, with its pages and with its record. A few pieces
// hold a bit for each of many ids; a piece that is wanted for other ids forgets what it had. Forgotten ones, and all without memory, are
// not known to be named: then the count is only larger.
namespace Aurora.Store;

/// <summary>The objects that a commit has named.</summary>
internal unsafe struct NamedObjects
{
    private const int Pieces = 8;
    private const int WordsPerPiece = 256;
    private const ulong IdsPerPiece = WordsPerPiece * 64;

    private fixed ulong _pieces[Pieces];
    private fixed ulong _ranges[Pieces];

    /// <summary>Whether the object is known to have been named; from now on it is, memory permitting.</summary>
    public bool Name(CommitPool pool, StoreCommit* commit, ulong id)
    {
        ulong range = id / IdsPerPiece;
        int piece = (int)(range % Pieces);
        var words = (ulong*)_pieces[piece];
        if (words == null)
            words = (ulong*)pool.Allocate(commit, WordsPerPiece * sizeof(ulong));
        if (words == null)
            return false;
        if (_pieces[piece] == 0 || _ranges[piece] != range)
            StoreContext.Clear((byte*)words, WordsPerPiece * sizeof(ulong));
        _pieces[piece] = (ulong)words;
        _ranges[piece] = range;
        ulong* word = &words[id % IdsPerPiece / 64];
        ulong bit = 1UL << (int)(id % 64);
        bool wasNamed = (*word & bit) != 0;
        *word |= bit;
        return wasNamed;
    }
}
