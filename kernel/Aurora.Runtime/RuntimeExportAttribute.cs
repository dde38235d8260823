using System.Diagnostics.CodeAnalysis;

namespace System.Runtime;

/// <summary>Exports a static method under an unmangled symbol with the plain calling convention. The compiler knows it by this name.</summary>
[AttributeUsage(AttributeTargets.Method)]
[SuppressMessage("Naming", "CA1716", Justification = "The compiler matches the full name.")]
public sealed class RuntimeExportAttribute(string entryPoint) : Attribute
{
    public string EntryPoint { get; } = entryPoint;
}
