// The way from the newest layer of a volume down: through the active set, then the frozen one, to the state below both, which the trees
// have. A path is a value: who wants to go again copies it before. It must not be kept while the fiber waits.
namespace Aurora.Store;

/// <summary>What is below all layers: nothing, a volume as the trees have it, or a checkpoint of one.</summary>
internal readonly record struct TreeState(StateBelow Kind, ulong Volume, ulong Sequence);

/// <summary>A walk through the layers of a volume.</summary>
internal unsafe ref struct LayerPath
{
    private LayerSet? _next;

    /// <summary>Starts at the newest layer of a volume.</summary>
    public LayerPath(LayerSet upper, LayerSet? lower, ulong volume)
    {
        _next = lower;
        Enter(upper, volume);
    }

    /// <summary>The layer the path is at; null at its end.</summary>
    public Layer* Layer { get; private set; }

    /// <summary>A layer says that there is no such volume. Then the path is at its end.</summary>
    public bool IsMissing { get; private set; }

    /// <summary>At the end: what is below.</summary>
    public TreeState Bottom { get; private set; }

    /// <summary>Goes on to what is below the layer.</summary>
    public void Descend()
    {
        Layer* layer = Layer;
        Layer = null;
        switch (layer->Below)
        {
            case StateBelow.Layer:
                Layer = layer->BelowLayer;
                break;
            case StateBelow.Volume:
                EnterNext(layer->BelowVolume);
                break;
            case StateBelow.Checkpoint:
                EnterCheckpoint(layer->BelowVolume, layer->BelowSequence);
                break;
            default:
                Bottom = default;
                break;
        }
    }

    private void Enter(LayerSet set, ulong volume)
    {
        VolumeChanges* changes = set.Find(volume);
        if (changes != null && (changes->IsDropped || changes->Top != null || changes->IsNew))
        {
            IsMissing = changes->IsDropped;
            Layer = changes->IsDropped ? null : changes->Top;
            return;
        }
        EnterNext(volume);
    }

    private void EnterNext(ulong volume)
    {
        LayerSet? next = _next;
        _next = null;
        if (next != null)
            Enter(next, volume);
        else
            Bottom = new TreeState(StateBelow.Volume, volume, 0);
    }

    // The set below may be about to keep it: then it is one of its layers.
    private void EnterCheckpoint(ulong volume, ulong sequence)
    {
        LayerObject* kept = _next == null ? null : _next.HistoryOf(volume, sequence);
        if (kept != null && kept->RecordState == LayerRecord.Present && kept->KeptLayer != null)
        {
            _next = null;
            Layer = kept->KeptLayer;
            return;
        }
        Bottom = new TreeState(StateBelow.Checkpoint, volume, sequence);
    }
}
