using MfpClip.Objectives;
using MfpClip.Text;

namespace MfpClip.Methods.AprilGan;

/// <summary>
/// Settings of APRIL-GAN (Chen et al., arXiv 2305.17382; VAND 2023). Defaults are those of the authors' code. Immutable.
/// </summary>
public sealed record AprilGanOptions
{
    /// <summary>States and templates.</summary>
    /// <value>Default <see cref="PromptEnsembles.AprilGan"/>.</value>
    public PromptTemplates Templates { get; init; } = PromptEnsembles.AprilGan;

    /// <summary>Blocks of the vision tower, counted from 1 and rising, whose patch tokens are read, each through its own linear layer.</summary>
    /// <value>Default <see langword="null"/>: four equal runs, which are the authors' 6, 12, 18, 24 in ViT-L.</value>
    public IReadOnlyList<int>? Layers { get; init; }

    /// <summary>
    /// Whether the tower runs as in the released code: at any other image size than the backbone's own, both towers use exact GELU, even
    /// where the weights were trained with QuickGELU. The published linear layers were trained that way (518 px). Applies to a backbone
    /// that the builder loads.
    /// </summary>
    /// <value>Default true. Set false to run the backbone as it was trained, with linear layers trained so.</value>
    public bool AsReleased { get; init; } = true;

    /// <summary>Whether the map is the layers' sum, from 0 to their number, as the released code gives it.</summary>
    /// <value>Default false: their mean, in [0,1] like every map of this library; the order of pixels and every metric of ranks is the same.</value>
    public bool SumOfLayers { get; init; }

    /// <summary>Seed of the linear layers' initialization.</summary>
    /// <value>Default 111, the authors' seed.</value>
    public long Seed { get; init; } = 111;

    /// <summary>How the linear layers are trained.</summary>
    /// <value>Default <see cref="AprilGanRecipes.OnVisA"/>.</value>
    public TrainingRecipe Recipe { get; init; } = AprilGanRecipes.OnVisA;
}

/// <summary>The authors' training settings (train.sh, train.py): Adam with betas 0.5 and 0.999, learning rate 1e-3 throughout, batches of 8.</summary>
public static class AprilGanRecipes
{
    /// <summary>Training on VisA, for tests on MVTec AD: 15 epochs.</summary>
    public static TrainingRecipe OnVisA { get; } = new()
    {
        Optimizer = OptimizerKind.Adam, LearningRate = 1e-3, Beta1 = 0.5, Beta2 = 0.999, Schedule = LearningRateSchedule.Constant,
        Epochs = 15, BatchSize = 8, Seed = 111,
    };

    /// <summary>Training on MVTec AD, for tests on VisA: 3 epochs; a fifth of the images are 2 x 2 mosaics of their class.</summary>
    public static TrainingRecipe OnMvtecAd { get; } = OnVisA with { Epochs = 3, MosaicProbability = 0.2 };
}
