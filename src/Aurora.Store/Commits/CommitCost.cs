// What one commit may cost at most beyond what was counted while it was built: its clones copy what their sources have changed by now,
// in the layer and in the commit itself (CommitObjects), reckoned in one pass. Nothing here blocks.
using System;

namespace Aurora.Store;

/// <summary>Reckons what a commit takes.</summary>
internal sealed unsafe class CommitCost(PresentState present)
{
    // More than any object has. Clones of an object to itself double what is counted, which must not come round to nothing.
    private const ulong MostOfObject = 1UL << 32;

    /// <summary>The nodes that its clones may cost: each copies what its source has changed by then, earlier operations included.</summary>
    public ulong NodesOfClones(StoreCommit* commit)
    {
        ulong sum = 0;
        Layer* layer = present.Active.OpenTop(commit->Volume);
        commit->Objects.ClearSums(commit);
        for (CommitOperation* operation = commit->FirstOperation; operation != null; operation = operation->Next)
        {
            ulong nodes = operation->Nodes;
            if (operation->Kind == LogEntryKind.Clone)
            {
                nodes = WithSource(operation, layer == null ? 0 : layer->PageNodesOf(operation->Page));
                sum += nodes;
            }
            if (operation->Named != null)
                operation->Named->Sum += nodes;
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
        if (!commit->Removes)
            return bytes;
        bytes += commit->Operations * Layer.BytesPerRemovedPage;
        Layer* layer = present.Active.OpenTop(commit->Volume);
        commit->Objects.ClearSums(commit);
        for (CommitOperation* operation = commit->FirstOperation; operation != null; operation = operation->Next)
        {
            ulong copies = 1;
            if (operation->Kind is LogEntryKind.Delete or LogEntryKind.Truncate or LogEntryKind.Clone)
                bytes += layer == null ? 0 : layer->PagesOf(operation->Object) * Layer.BytesPerRemovedPage;
            if (operation->Kind == LogEntryKind.Clone)
            {
                copies = WithSource(operation, layer == null ? 0 : layer->PagesOf(operation->Page));
                bytes += copies * (Layer.BytesPerPage + Layer.BytesPerRemovedPage);
            }
            if (operation->Named != null)
                operation->Named->Sum += copies;
        }
        return bytes;
    }

    // What a clone copies: what the layer has of its source, and what earlier operations add to that.
    private static ulong WithSource(CommitOperation* clone, ulong ofLayer)
        => Math.Min(MostOfObject, ofLayer + (clone->Source == null ? 0 : clone->Source->Sum));
}
