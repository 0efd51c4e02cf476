namespace MfpClip.Weights.Torch;

/// <summary>A name that a pickle refers to, out of the closed list of names that weight files need.</summary>
internal sealed class PickleName
{
    private static readonly Dictionary<string, ScalarType> StorageTypes = new(StringComparer.Ordinal)
    {
        ["FloatStorage"] = ScalarType.Float32, ["HalfStorage"] = ScalarType.Float16, ["BFloat16Storage"] = ScalarType.BFloat16,
        ["DoubleStorage"] = ScalarType.Float64, ["LongStorage"] = ScalarType.Int64, ["IntStorage"] = ScalarType.Int32,
        ["ShortStorage"] = ScalarType.Int16, ["CharStorage"] = ScalarType.Int8, ["ByteStorage"] = ScalarType.Byte, ["BoolStorage"] = ScalarType.Bool,
    };

    private readonly Func<string, object?[], object?> _read;

    private PickleName(string name, Func<string, object?[], object?> read, ScalarType? storage = null) => (Name, _read, Storage) = (name, read, storage);

    public string Name { get; }

    /// <summary>Dtype, if the name is a storage class.</summary>
    public ScalarType? Storage { get; }

    /// <summary>What an object of this name made from these arguments holds.</summary>
    public object? Read(string path, object?[] arguments) => _read(path, arguments);

    /// <summary>Looks a name up.</summary>
    /// <exception cref="WeightsException">The name is not on the list.</exception>
    public static PickleName Check(string path, string module, string name)
    {
        string full = $"{module}.{name}";
        if (module is "torch" or "torch.storage" && StorageTypes.TryGetValue(name, out var type))
        {
            return new(full, (_, _) => null, type);
        }

        // TorchScript names the classes of its modules; only their attributes are read.
        if (module == "__torch__" || module.StartsWith("__torch__.", StringComparison.Ordinal))
        {
            return new(full, (_, _) => new PickleDictionary());
        }

        return full switch
        {
            "collections.OrderedDict" or "builtins.dict" => new(full, Dictionary),
            "builtins.set" or "builtins.list" or "torch.Size" or "torch.device" => new(full, (_, a) => a.ToList()),
            "torch._utils._rebuild_tensor" or "torch._utils._rebuild_tensor_v2" or "torch._utils._rebuild_tensor_v3" => new(full, RebuildTensor),
            "torch._utils._rebuild_parameter" or "torch._utils._rebuild_parameter_with_state" or "torch.nn.parameter.Parameter"
                or "torch._tensor._rebuild_from_type_v2" => new(full, First),
            _ when module.StartsWith("torch.jit._pickle", StringComparison.Ordinal) => new(full, First),
            _ when module == "torch" && name is "float32" or "float16" or "bfloat16" or "float64" or "int64" => new(full, (_, _) => null),
            _ => throw new WeightsException(path, $"it asks to run '{full}'. Weight files do not need that and no code of a file is ever run; "
                + "if you trust the file, save its state_dict as safetensors."),
        };
    }

    private static object? First(string path, object?[] arguments) =>
        arguments.Length > 0 ? arguments[0] : throw new WeightsException(path, "an object in it lacks its value. The file is damaged; get it again.");

    private static object Dictionary(string path, object?[] arguments)
    {
        var dictionary = new PickleDictionary();
        if (arguments is [List<object?> pairs])
        {
            foreach (var pair in pairs)
            {
                var items = pair as object?[] ?? (pair as List<object?>)?.ToArray();
                if (items is [string key, var value])
                {
                    dictionary.Items[key] = value;
                }
            }
        }

        return dictionary;
    }

    private static object RebuildTensor(string path, object?[] arguments)
    {
        if (arguments is [TorchStorage storage, long offset, object?[] size, object?[] stride, ..]
            && size.All(n => n is long) && stride.All(n => n is long) && size.Length == stride.Length)
        {
            var shape = size.Cast<long>().ToArray();
            var strides = stride.Cast<long>().ToArray();
            return new StoredTensor(storage.Bytes(), storage.Type, shape, offset, IsContiguous(shape, strides) ? null : strides);
        }

        throw new WeightsException(path, "a tensor in it is described in an unknown way. The file is damaged, or newer than this library.");
    }

    private static bool IsContiguous(long[] shape, long[] strides)
    {
        long expected = 1;
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            if (shape[i] != 1 && strides[i] != expected)
            {
                return shape.Contains(0);
            }

            expected *= Math.Max(shape[i], 1);
        }

        return true;
    }
}

/// <summary>A storage named by a persistent id. Where its bytes lie may be known only after the pickle was read.</summary>
internal sealed record TorchStorage(string Key, ScalarType Type, long Count, Func<ITensorStorage> Bytes);
