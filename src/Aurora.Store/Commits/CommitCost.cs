// What one commit may cost at most beyond what was counted while it was built: its clones copy what their sources have changed by now,
// in the layer and in the commit itself. Nothing here blocks.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Reckons what a commit takes.</summary>
internal sealed unsafe class CommitCost(PresentState present)
{
    /// <summary>The nodes that its clones may cost: each copies what its source has changed by then, earlier operations included.</summary>
    public ulong NodesOfClones(StoreCommit* commit)
    {
        ulong sum = 0;
        Layer* layer = present.Active.OpenTop(commit->Volume);
        for (CommitOperation* clone = commit->FirstOperation; clone != null; clone = clone->Next)
        {
            if (clone->Kind != LogEntryKind.Clone)
                continue;
            ulong nodes = layer == null ? 0 : layer->PageNodesOf(clone->Page);
            for (CommitOperation* earlier = commit->FirstOperation; clone->IsOfNamed && earlier != clone; earlier = earlier->Next)
            {
                if (earlier->Object == clone->Page)
                    nodes += earlier->Kind == LogEntryKind.Clone ? earlier->Block : earlier->Checksum;
            }

            // Its own sum is kept in Block, which a clone has no other use for.
            clone->Block = nodes;
            sum += nodes;
        }
        return sum;
    }

    /// <summary>
    /// Bytes that applying the commit takes of the arena: clones copy the page elements their source has by then, earlier operations
    /// included; what is removed is noted, to be freed by the cut. A clone's inline entries are in its BytesPerPage and what BytesPerObject
    /// is rounded up by.
    /// </summary>
    public ulong LayerBytes(StoreCommit* commit)
    {
        ulong bytes = commit->LayerBytes;
        Layer* layer = present.Active.OpenTop(commit->Volume);
        if (commit->Removes)
            bytes += commit->Operations * Layer.BytesPerRemovedPage;
        for (CommitOperation* operation = commit->FirstOperation; commit->Removes && operation != null; operation = operation->Next)
        {
            if (operation->Kind is LogEntryKind.Delete or LogEntryKind.Truncate or LogEntryKind.Clone)
                bytes += layer == null ? 0 : layer->PagesOf(operation->Object) * Layer.BytesPerRemovedPage;
            if (operation->Kind == LogEntryKind.Clone)
                bytes += CopiesOf(layer, commit, operation) * (Layer.BytesPerPage + Layer.BytesPerRemovedPage);
        }
        return bytes;
    }

    private static ulong CopiesOf(Layer* layer, StoreCommit* commit, CommitOperation* clone)
    {
        // A clone keeps its own count in Checksum, which it has no other use for.
        ulong copies = layer == null ? 0 : layer->PagesOf(clone->Page);
        for (CommitOperation* earlier = commit->FirstOperation; clone->IsOfNamed && earlier != clone; earlier = earlier->Next)
        {
            if (earlier->Object == clone->Page)
                copies += earlier->Kind == LogEntryKind.Clone ? earlier->Checksum : 1;
        }
        clone->Checksum = copies;
        return copies;
    }
}
