// The newest state in memory: the trees of the last cut (on the device, nodes cached), the frozen layer (changes a cut is now putting
// into the trees), the active layer (changes of later commits). Lookups go active → frozen → trees. All of it is protected by the
// kernel lock and consistent whenever a fiber waits: a commit is applied to the active layer in one stretch, and a cut replaces (frozen
// layer, roots) in one stretch.

namespace Aurora.Store;

/// <summary>The layers over the trees, and the root below them.</summary>
internal sealed unsafe class PresentState(Superblock* super, Layer active, Layer frozen)
{
    public Layer Active = active;

    /// <summary>Empty, unless IsFrozen.</summary>
    public Layer Frozen = frozen;
    public bool IsFrozen;

    /// <summary>Where the log continues after the frozen layer.</summary>
    public Cut FrozenEnd;

    /// <summary>The active layer is complete: no commit is applied before it is frozen.</summary>
    public bool IsFreezeRequired;

    private NodePointer _switchedObjects;
    private bool _isSwitched;

    /// <summary>The trees below the layers.</summary>
    public NodePointer Objects => _isSwitched ? _switchedObjects : super->Current.Objects;

    /// <summary>The active layer becomes the frozen one, and an empty one takes its place.</summary>
    public void Freeze(in Cut end)
    {
        (Active, Frozen) = (Frozen, Active);
        IsFrozen = true;
        FrozenEnd = end;
    }

    /// <summary>
    /// A store opened for reading cannot make the cut that a rollback in its log asks for: it only reads from the target's trees.
    /// </summary>
    public void Switch(in NodePointer objects)
    {
        _switchedObjects = objects;
        _isSwitched = true;
    }
}
