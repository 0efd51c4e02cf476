namespace MfpClip.Weights.Torch;

/// <summary>Flattens what a pickle held into tensors with dotted names; everything else (numbers, texts) is ignored.</summary>
internal static class StateDictionary
{
    private const int MaximumDepth = 64;
    private const int MaximumVisits = 1_000_000;
    private const long MaximumNames = 32L << 20; // characters of all names

    public static Dictionary<string, StoredTensor> Flatten(string path, object? root)
    {
        var found = new Dictionary<string, StoredTensor>(StringComparer.Ordinal);
        int visits = 0;
        long characters = 0;
        Visit(root, string.Empty, 0);
        return found.Count > 0 ? found : throw new WeightsException(path, "there are no tensors in it.");

        void Visit(object? value, string name, int depth)
        {
            if (depth > MaximumDepth || ++visits > MaximumVisits || (characters += name.Length) > MaximumNames)
            {
                throw new WeightsException(path, "the dictionaries in it nest without end. The file is damaged; get it again.");
            }

            switch (value)
            {
                case StoredTensor tensor when name.Length > 0:
                    found[name] = tensor;
                    break;
                case PickleDictionary dictionary:
                    foreach (var (key, item) in dictionary.Items)
                    {
                        Visit(item, Join(name, key), depth + 1);
                    }

                    break;
                case List<object?> list:
                    for (int i = 0; i < list.Count; i++)
                    {
                        Visit(list[i], Join(name, $"{i}"), depth + 1);
                    }

                    break;
            }
        }
    }

    private static string Join(string name, string key) => name.Length == 0 ? key : $"{name}.{key}";
}
