namespace Aurora.Store;

/// <summary>The roots of the first volume while the volume table does not know it.</summary>
internal struct FirstVolume
{
    public NodePointer Objects;
    public NodePointer History;
}
