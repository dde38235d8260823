// Commits of any size as users see them: parts, and one moment in which all of them become the volume's state.
namespace Aurora.Store;

public sealed unsafe partial class ObjectStore
{
    /// <summary>
    /// True when a commit, which is to be joined with others to so many, has taken so much that what is to come should go into another one:
    /// as parts of a large commit both become one.
    /// </summary>
    public bool IsFull(StoreCommit* commit, int joined = 1) => _large.IsFull(commit, joined);

    /// <summary>
    /// Opens a commit of any size to a volume; epoch and time of <paramref name="info"/> are those of its parts. While it is open, what
    /// else would change the volume's state is refused as Busy. A power cut leaves nothing of it. NotFound when there is no such volume,
    /// OutOfMemory when 64 are open. Blocks.
    /// </summary>
    public StoreStatus BeginLarge(VolumeId volume, in CommitInfo info, out LargeCommit* large) => _large.Begin(volume, info, out large);

    /// <summary>
    /// Submits a part, a commit that was begun for the volume: as <see cref="Submit"/>, and to be released as any commit, but it changes
    /// nothing that readers see. A name is left out. It cannot drop checkpoints: BadArgument. A part that is refused may be given up, the
    /// others stay.
    /// </summary>
    public StoreStatus SubmitPart(LargeCommit* large, StoreCommit* part, in CommitInfo info) => _large.SubmitPart(large, part, info);

    /// <summary>
    /// Makes all parts submitted the volume's state, as one commit; it becomes durable, and is released, as any other. Unless this returns
    /// Ok nothing has happened, and the large commit is still open. Blocks.
    /// </summary>
    public StoreStatus FinishLarge(LargeCommit* large, in CommitInfo info, out StoreCommit* commit)
        => _large.Finish(large, info, out commit);

    /// <summary>
    /// The commit that <see cref="FinishLarge"/> submits, to be joined with others. When it has been submitted
    /// <see cref="EndFinishLarge"/> follows, in the same stretch; otherwise it is released, and the large commit is still open.
    /// </summary>
    public StoreStatus BeginFinishLarge(LargeCommit* large, out StoreCommit* commit) => _large.BeginFinish(large, out commit);

    /// <summary>The large commit has been finished.</summary>
    public void EndFinishLarge(LargeCommit* large) => _large.EndFinish(large);

    /// <summary>Gives a large commit up. What its parts have written becomes free with the next cuts.</summary>
    public void AbortLarge(LargeCommit* large) => _large.Abort(large);
}
