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

    /// <summary>The same for modules by checkpoint prefix.</summary>
    public static void Load(IEnumerable<KeyValuePair<string, IDetectorModule>> modules, IWeightFile file, Func<string, bool>? foreign = null) =>
        Load(Collect(modules), file, foreign);

    /// <summary>Copies a file's tensors into trained ones. Nothing is changed unless every tensor fits and is finite.</summary>
    /// <param name="targets">Trained tensors by full name.</param>
    /// <param name="file">Opened file.</param>
    /// <param name="foreign">Tensors of the file that belong to nobody and are ignored; <see langword="null"/>: none may be.</param>
    /// <exception cref="WeightsMismatchException">Tensors are missing, unexpected or of another shape.</exception>
    /// <exception cref="WeightsException">Values are not finite.</exception>
    public static void Load(
        IReadOnlyList<KeyValuePair<string, Tensor>> targets, IWeightFile file, Func<string, bool>? foreign = null)
    {
        ShapeCheck.Require(file, targets.Select(t => (t.Key, t.Value.shape)), foreign: foreign);
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var values = targets.Select(t => file.ReadFinite(t.Key, "The file is damaged or its training diverged; use another checkpoint.")).ToList();
        for (var i = 0; i < values.Count; i++)
        {
            targets[i].Value.copy_(values[i]);
        }
    }
}
