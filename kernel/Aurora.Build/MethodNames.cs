// From ilc's symbol names back to C#. A symbol is ASSEMBLY_NAMESPACE_TYPE__METHOD with every character that is not a letter or digit turned
// into '_', generic arguments in <>, and "_N" after overloads. The mangling loses information, so the types of the assemblies are mangled
// the same way and looked up.
using System;
using System.Collections.Generic;
using System.IO;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;

namespace Aurora.Build;

/// <summary>Turns symbol names into "Type.Method".</summary>
public sealed class MethodNames
{
    private sealed record TypeNames(string Display, Dictionary<string, string> Methods);

    private readonly Dictionary<string, TypeNames> _types = [];

    public MethodNames(IEnumerable<string> assemblies)
    {
        foreach (string path in assemblies)
        {
            using var image = new PEReader(File.OpenRead(path));
            if (image.HasMetadata)
                AddTypes(image.GetMetadataReader());
        }
    }

    /// <summary>The C# name of a symbol, or the symbol itself when it is not a method of the known assemblies.</summary>
    public string Demangle(string symbol) => TryDemangle(symbol, out string name) ? name : symbol;

    public bool TryDemangle(string symbol, out string name)
    {
        string plain = WithoutGenericArguments(symbol);
        for (int split = plain.IndexOf("__", StringComparison.Ordinal); split > 0; split = plain.IndexOf("__", split + 1, StringComparison.Ordinal))
        {
            if (!_types.TryGetValue(plain[..split], out TypeNames? type))
                continue;
            name = type.Display + "." + MethodName(type, plain[(split + 2)..]);
            return true;
        }
        name = symbol;
        return false;
    }

    private static string MethodName(TypeNames type, string mangled)
    {
        if (type.Methods.TryGetValue(mangled, out string? exact))
            return exact;
        int end = mangled.Length;
        while (end > 0 && char.IsAsciiDigit(mangled[end - 1]))
            end--;
        if (end is > 0 && end < mangled.Length && mangled[end - 1] == '_' && type.Methods.TryGetValue(mangled[..(end - 1)], out string? overload))
            return overload;
        return mangled;
    }

    private static string WithoutGenericArguments(string symbol)
    {
        var plain = new StringBuilder(symbol.Length);
        int depth = 0;
        foreach (char character in symbol)
        {
            if (character == '<')
                depth++;
            else if (character == '>' && depth > 0)
                depth--;
            else if (depth == 0)
                plain.Append(character);
        }
        return plain.ToString();
    }

    private void AddTypes(MetadataReader reader)
    {
        string assembly = reader.GetString(reader.GetAssemblyDefinition().Name);
        string prefix = Mangle(assembly == "System.Private.CoreLib" ? "S.P.CoreLib" : assembly);
        foreach (TypeDefinitionHandle handle in reader.TypeDefinitions)
        {
            TypeDefinition type = reader.GetTypeDefinition(handle);
            string fullName = FullName(reader, type);
            var methods = new Dictionary<string, string>();
            foreach (MethodDefinitionHandle method in type.GetMethods())
            {
                string methodName = reader.GetString(reader.GetMethodDefinition(method).Name);
                methods[Mangle(methodName)] = methodName;
            }
            _types[prefix + "_" + Mangle(fullName)] = new TypeNames(WithoutArity(fullName), methods);
        }
    }

    private static string FullName(MetadataReader reader, TypeDefinition type)
    {
        string name = reader.GetString(type.Name);
        if (!type.GetDeclaringType().IsNil)
            return FullName(reader, reader.GetTypeDefinition(type.GetDeclaringType())) + "." + name;
        string space = reader.GetString(type.Namespace);
        return space.Length == 0 ? name : space + "." + name;
    }

    private static string WithoutArity(string name)
    {
        var plain = new StringBuilder(name.Length);
        bool arity = false;
        foreach (char character in name)
        {
            arity = character == '`' || (arity && char.IsAsciiDigit(character));
            if (!arity)
                plain.Append(character);
        }
        return plain.ToString();
    }

    private static string Mangle(string name)
    {
        var mangled = new StringBuilder(name.Length);
        foreach (char character in name)
            mangled.Append(char.IsAsciiLetterOrDigit(character) ? character : '_');
        return mangled.ToString();
    }
}
