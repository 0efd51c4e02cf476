using MfpClip.Modules;
using MfpClip.Weights;

namespace MfpClip.Pipeline;

/// <summary>Trained modules as one flat list of named tensors, and back: strict, all or nothing.</summary>
/// <remarks>The file itself (safetensors with metadata, written atomically) is the weight writer's; names and checks are here.</remarks>
internal static class ModuleCheckpoint
{
    /// <summary>Every trainable tensor under its full name, for example <c>mpfa.linear1.weight</c>. The tensors stay the modules' own.</summary>
    public static IReadOnlyList<KeyValuePair<string, Tensor>> Collect(IEnumerable<KeyValuePair<string, IDetectorModule>> modules)
    {
        var all = new List<KeyValuePair<string, Tensor>>();
        foreach (var (prefix, module) in modules)
        {
            all.AddRange(module.Weights.Select(w => new KeyValuePair<string, Tensor>($"{prefix}.{w.Key}", w.Value)));
        }

        return all;
    }

    /// <summary>Copies a file's tensors into the modules. Nothing is changed unless every tensor fits and is finite.</summary>
    /// <param name="modules">Modules by checkpoint prefix.</param>
    /// <param name="file">Opened file.</param>
    /// <param name="foreign">Tensors of the file that belong to nobody and are passed over; <see langword="null"/>: none may be.</param>
    /// <exception cref="WeightsMismatchException">Tensors are missing, unexpected or of another shape.</exception>
    /// <exception cref="WeightsException">Values are not finite.</exception>
    public static void Load(
        IEnumerable<KeyValuePair<string, IDetectorModule>> modules, IWeightFile file, Func<string, bool>? foreign = null)
    {
        var targets = Collect(modules);
        Check(targets, file, foreign);
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var values = targets.Select(t => ReadFinite(file, t.Key)).ToList();
        for (var i = 0; i < values.Count; i++)
        {
            targets[i].Value.copy_(values[i]);
        }
    }

    private static void Check(IReadOnlyList<KeyValuePair<string, Tensor>> targets, IWeightFile file, Func<string, bool>? foreign)
    {
        var known = targets.Select(t => t.Key).ToHashSet(StringComparer.Ordinal);
        var missing = targets.Select(t => t.Key).Where(n => !file.Tensors.ContainsKey(n)).ToList();
        var unexpected = file.Tensors.Keys.Where(n => !known.Contains(n) && foreign?.Invoke(n) != true).Order(StringComparer.Ordinal).ToList();
        var wrong = targets
            .Where(t => file.Tensors.TryGetValue(t.Key, out var info) && !info.Shape.SequenceEqual(t.Value.shape))
            .Select(t => $"{t.Key} is [{string.Join(", ", file.Tensors[t.Key].Shape)}], the model needs [{string.Join(", ", t.Value.shape)}]")
            .ToList();
        if (missing.Count + unexpected.Count + wrong.Count > 0)
        {
            throw new WeightsMismatchException(file.Path, missing, unexpected, wrong);
        }
    }

    private static Tensor ReadFinite(IWeightFile file, string name)
    {
        var value = file.Read(name);
        if (!value.isfinite().all().item<bool>())
        {
            throw new WeightsException(file.Path, $"tensor '{name}' holds values that are not finite (NaN or infinity). The file is damaged or its training diverged; use another checkpoint.");
        }

        return value;
    }
}
